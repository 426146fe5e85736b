import type { Run } from '../model/run.ts';
import type { EpochMs, StateName } from '../model/state.ts';

/** The name of a state as people are shown it: `Late` is not stored, it is what reading makes of one that is due. */
export type DisplayState = StateName | 'Late';

const STARTS: ReadonlySet<StateName> = new Set(['Scheduled', 'AwaitingWindow']);

/**
 * What to call the state of a run at a time: its display name, or `Late` where its start was due, or its window open,
 * and it has not started. A retry that is overdue is not late, since its run had started: it stays `AwaitingRetry`.
 *
 * @param now epoch milliseconds
 */
export function displayState(run: Run, now: EpochMs): DisplayState {
  const { state } = run;
  if (state.type !== 'SCHEDULED' || !STARTS.has(state.name)) return state.name;
  const late = run.startedAt === undefined && state.dueAt < now;
  return late ? 'Late' : state.name;
}
