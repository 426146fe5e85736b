import type { RunId } from '../../model/ids.ts';
import { isElsewhere } from '../../model/queued-run.ts';
import type { Run } from '../../model/run.ts';
import { isTerminal } from '../../model/state.ts';

/** Whether somebody with its lease has begun to execute a run on a queue, in this generation or in one before. */
export function isBegun({ state, generation }: Run): boolean {
  return state.name !== 'Scheduled' || generation > 1;
}

/** The runs at or below one, among those below a root in the order in which they were made. */
export function runsUnder(id: RunId, below: readonly Run[]): readonly Run[] {
  const under = new Set([id]);
  for (const run of below) {
    if (run.parentId !== undefined && under.has(run.parentId)) under.add(run.id);
  }
  return below.filter((run) => under.has(run.id));
}

/** Which of the runs below a root are at or below one that somebody else executes, and that has not ended. */
export function takenElsewhere(below: readonly Run[]): ReadonlySet<RunId> {
  const taken = new Set<RunId>();
  for (const run of below) {
    const open = isElsewhere(run) && !isTerminal(run.state);
    if (open || (run.parentId !== undefined && taken.has(run.parentId))) taken.add(run.id);
  }
  return taken;
}
