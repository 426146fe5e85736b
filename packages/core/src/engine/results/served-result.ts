import type { StoredValue } from '../../model/state.ts';
import type { Performance } from '../performance.ts';
import { keptResult } from './keep-result.ts';
import { readResult } from './read-result.ts';

/** A result as the record of a run keeps it, and what it stands for. */
export interface ServedResult {
  readonly result: StoredValue;
  readonly value: unknown;
}

/**
 * The result of another run, for a run that is given it. One in the object store is put there anew under the name of this
 * run: it stays when the other is forgotten.
 *
 * @throws as `readResult` and `keptResult` do; the reason for which the run was told to stop
 */
export async function servedResult(run: Performance, stored: StoredValue): Promise<ServedResult> {
  const { engine } = run.execution;
  if ('inline' in stored) return { result: stored, value: engine.codec.decode(stored.inline) };
  const json = await readResult(engine, stored, run.cancellation.signal);
  return { result: await keptResult(run, json), value: engine.codec.decode(json) };
}
