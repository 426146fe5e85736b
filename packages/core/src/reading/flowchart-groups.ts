import type { RunGroup } from './grouping.ts';
import { mermaidText } from './mermaid-text.ts';

/** The nodes whose calls stood in one group, and the groups within it. */
interface Frame {
  readonly nodes: string[];
  readonly within: Map<string, Frame>;
}

/** Frames deeper than this nobody reads. */
const DEEPEST = 8;

function frame(): Frame {
  return { nodes: [], within: new Map() };
}

function inner(outer: Frame, name: string): Frame {
  const known = outer.within.get(name);
  if (known !== undefined) return known;
  const made = frame();
  outer.within.set(name, made);
  return made;
}

/** Numbers the frames as it writes them. */
function written(outer: Frame, indent: string, count: { frames: number }): string[] {
  return [...outer.within].flatMap(([name, each]) => [
    `${indent}subgraph g${count.frames++}["${mermaidText(name)}"]`,
    ...each.nodes.map((node) => `${indent}  ${node}`),
    ...written(each, `${indent}  `, count),
    `${indent}end`,
  ]);
}

/** The lines that put nodes, of which the nth is `n0`, `n1` …, into the groups in which their calls stood. */
export function groupLines(groups: readonly RunGroup[]): readonly string[] {
  const byParent = new Map<RunGroup | undefined, Frame>();
  for (const [at, { runs, parent, names }] of groups.entries()) {
    const path = names === undefined ? runs[0]?.groups : undefined;
    if (path === undefined) continue;
    let innermost = byParent.get(parent);
    if (innermost === undefined) byParent.set(parent, (innermost = frame()));
    for (const name of path.slice(0, DEEPEST)) innermost = inner(innermost, name);
    innermost.nodes.push(`n${at}`);
  }
  const count = { frames: 0 };
  return [...byParent.values()].flatMap((outer) => written(outer, '  ', count));
}
