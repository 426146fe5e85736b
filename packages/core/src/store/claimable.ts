import type { Run } from '../model/run.ts';
import { isTerminal, type EpochMs } from '../model/state.ts';

/**
 * From when on a run with a queue can be claimed in its state, as far as its lease allows: 0 stands for at once. Undefined
 * where it cannot: it has ended, or is PAUSED and a top-level run. Below a root a pause is waited for under the lease.
 */
export function claimableFrom({
  state,
  parentId,
}: Pick<Run, 'state' | 'parentId'>): EpochMs | undefined {
  if (state.type === 'SCHEDULED') return state.dueAt;
  if (state.type === 'PAUSED') return parentId === undefined ? undefined : 0;
  return isTerminal(state) ? undefined : 0;
}
