import type { FlowRun } from '../../model/run.ts';
import type { EpochMs } from '../../model/state.ts';
import type { OpenRun } from '../../store/run-store.ts';
import type { EngineCore } from '../engine-core.ts';

/** Since when a paused run may go on; undefined while its time has not come and no input is there. */
async function dueSince(engine: EngineCore, { state }: FlowRun): Promise<EpochMs | undefined> {
  if (state.type !== 'PAUSED') return undefined;
  return state.until !== undefined && state.until <= engine.clock.now() ? state.until : undefined;
}

/**
 * Whether a run is paused, and nobody has to do anything about it yet.
 *
 * @param headStart for how many milliseconds it is left to the process that paused it, which may still have it in memory
 */
export async function isWaiting(
  engine: EngineCore,
  { run, cancelReason }: Pick<OpenRun, 'run' | 'cancelReason'>,
  headStart: number,
): Promise<boolean> {
  if (run.state.type !== 'PAUSED' || cancelReason !== undefined) return false;
  const since = await dueSince(engine, run);
  return since === undefined || since + headStart > engine.clock.now();
}
