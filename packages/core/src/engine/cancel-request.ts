import type { RunId } from '../model/ids.ts';
import { keepableText, type EngineCore } from './engine-core.ts';

/** Asks for a top-level run to be cancelled, in the store: whoever has it, or takes it up later, is told. */
export async function requestCancel(
  engine: EngineCore,
  rootId: RunId,
  reason: string,
): Promise<void> {
  const kept = keepableText(engine, reason);
  await engine.writer.write({ kind: 'cancel-request', rootId, reason: kept }, 'machine');
}
