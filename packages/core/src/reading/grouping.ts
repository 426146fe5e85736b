import type { Run } from '../model/run.ts';
import type { RunTree } from './run-tree.ts';

/** Runs that are shown as one: of one kind and name, below the same ones, called in the same groups. */
export interface RunGroup {
  readonly runs: readonly Run[];
  /** Undefined for the topmost. */
  readonly parent: RunGroup | undefined;
  /** Set where runs of several names are shown as one. */
  readonly names?: number;
}

interface Growing extends RunGroup {
  readonly runs: Run[];
}

/** Each run on its own. */
export function ungrouped(tree: RunTree, top: Run): readonly RunGroup[] {
  return grown(tree, top, (run) => run.id);
}

/** Runs of one kind and name below the same ones as one; what is more than `most` then, as one more. */
export function groupedByName(tree: RunTree, top: Run, most: number): readonly RunGroup[] {
  const groups = grown(tree, top, (run) => [run.kind, run.name, ...(run.groups ?? [])].join('\0'));
  if (groups.length <= most) return groups;
  const shown = groups.slice(0, most - 1);
  const rest = groups.slice(most - 1);
  const runs = rest.flatMap((group) => group.runs);
  return [...shown, { runs, parent: shown[0], names: rest.length }];
}

function grown(tree: RunTree, top: Run, nameOf: (run: Run) => string): readonly RunGroup[] {
  const groups: RunGroup[] = [{ runs: [top], parent: undefined }];
  for (const group of groups) {
    const byName = new Map<string, Growing>();
    for (const run of group.runs.flatMap(({ id }) => tree.children(id))) {
      const name = nameOf(run);
      const known = byName.get(name);
      if (known === undefined) byName.set(name, { runs: [run], parent: group });
      else known.runs.push(run);
    }
    for (const each of byName.values()) groups.push(each);
  }
  return groups;
}
