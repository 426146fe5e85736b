import { isTerminal, type EpochMs, type State } from '../model/state.ts';

/**
 * From when on a run with a queue can be claimed in a state, as far as its lease allows: 0 stands for at once. Undefined
 * where it cannot: it is PAUSED, or has ended.
 */
export function claimableFrom(state: State): EpochMs | undefined {
  if (state.type === 'SCHEDULED') return state.dueAt;
  return state.type === 'PAUSED' || isTerminal(state) ? undefined : 0;
}
