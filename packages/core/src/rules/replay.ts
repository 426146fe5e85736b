import type { Dependency, Run } from '../model/run.ts';
import { isTerminal, type State } from '../model/state.ts';

/** Whether the timeout of an attempt above it stopped a run: no outcome that a code has branched on. Pure. */
export function wasCutOff(state: State): boolean {
  return state.type === 'CANCELLED' && state.cutOff === true;
}

/**
 * Whether a run that ended earlier stands as it is, so that its outcome is given again instead of executing it:
 * what completed, unless what it took as input was run again since; and any outcome of this very try of its
 * parent, which a crash interrupted, so that branches go the way they went. What the timeout of that try cut off is no
 * such outcome: where the try goes on, its time begins anew. Pure.
 *
 * @param dependsOn what the run takes as input now
 * @param parentTry the try of its parent that asks
 */
export function standsAsItIs(
  known: Run,
  dependsOn: readonly Dependency[],
  parentTry: string,
): boolean {
  const { state } = known;
  if (!isTerminal(state) || known.rolledBackAt !== undefined) return false;
  if (wasCutOff(state)) return false;
  const before = known.kind === 'task' ? known.dependsOn : [];
  const same = dependsOn.every((now) => {
    const then = before.find((each) => each.runId === now.runId);
    return then === undefined || then.generation === now.generation;
  });
  return same && (state.type === 'COMPLETED' || known.parentTry === parentTry);
}
