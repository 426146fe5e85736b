import type { Dependency, Run } from '../model/run.ts';
import { isTerminal } from '../model/state.ts';

/**
 * Whether a run that ended earlier stands as it is, so that its outcome is given again instead of executing it:
 * what completed, unless what it took as input was run again since; and any outcome of this very try of its
 * parent, which a crash interrupted, so that branches go the way they went. Pure.
 *
 * @param dependsOn what the run takes as input now
 * @param parentTry the try of its parent that asks
 */
export function standsAsItIs(
  known: Run,
  dependsOn: readonly Dependency[],
  parentTry: string,
): boolean {
  if (!isTerminal(known.state) || known.rolledBackAt !== undefined) return false;
  const before = known.kind === 'task' ? known.dependsOn : [];
  const same = dependsOn.every((now) => {
    const then = before.find((each) => each.runId === now.runId);
    return then === undefined || then.generation === now.generation;
  });
  return same && (known.state.type === 'COMPLETED' || known.parentTry === parentTry);
}
