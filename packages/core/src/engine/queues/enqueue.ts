import type { Definition } from '../../definition/definition.ts';
import type { RunId } from '../../model/ids.ts';
import type { StartOptions } from '../engine.ts';
import { assertDurable, type EngineCore } from '../engine-core.ts';
import { Execution } from '../execution.ts';
import { checkStart, newFlowRun } from '../new-flow-run.ts';
import { RunHandle } from '../run-handle.ts';
import type { QueuePlace } from './queue-options.ts';

/**
 * Writes a run that waits on a queue, and that nobody leases; gives the one that has its idempotency key, where there is
 * one.
 */
export async function enqueue(
  engine: EngineCore,
  definition: Definition,
  args: readonly unknown[],
  terms: StartOptions,
  { queue, dueAt = engine.clock.now() }: QueuePlace,
): Promise<RunId> {
  assertDurable(engine, definition);
  await checkStart(engine, definition, args, terms);
  const run = newFlowRun(engine, definition, args, terms, { queue, dueAt });
  const nobody = new Execution(engine, { rootId: run.id, epoch: 0 });
  const handle = RunHandle.made(nobody, definition, run);
  handle.stage({ type: 'schedule', dueAt });
  const existing = await handle.create(undefined);
  return existing?.id ?? run.id;
}
