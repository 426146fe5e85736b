import type { Run } from '../model/run.ts';
import type { EpochMs, StateName } from '../model/state.ts';

/**
 * The name of a state as people are shown it. Two are not stored as such, they are what reading makes of a record: `Late`
 * of one that is due, `RolledBack` of one whose work was undone.
 */
export type DisplayState = StateName | 'Late' | 'RolledBack';

const STARTS: ReadonlySet<StateName> = new Set(['Scheduled', 'AwaitingWindow']);

/**
 * What to call the state of a run at a time: its display name; `RolledBack` once what it did was undone; `Late` where its
 * start was due, or its window has opened, and it has not started. A retry that is overdue is not late, since its run had
 * started: it stays `AwaitingRetry`.
 *
 * @param now epoch milliseconds
 */
export function displayState(run: Run, now: EpochMs): DisplayState {
  const { state, rolledBackAt } = run;
  if (rolledBackAt !== undefined) return 'RolledBack';
  if (state.type !== 'SCHEDULED' || !STARTS.has(state.name)) return state.name;
  const late = run.startedAt === undefined && state.dueAt < now;
  return late ? 'Late' : state.name;
}
