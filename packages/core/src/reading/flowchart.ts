import type { RunId } from '../model/ids.ts';
import type { Run } from '../model/run.ts';
import { STATE_TYPES, type EpochMs, type StateType } from '../model/state.ts';
import { displayState } from './display-state.ts';
import { groupLines } from './flowchart-groups.ts';
import { groupedByName, ungrouped, type RunGroup } from './grouping.ts';
import { mermaidText } from './mermaid-text.ts';
import { titleOf } from './named-run.ts';
import { countStates, durationOf } from './run-facts.ts';
import type { RunTree } from './run-tree.ts';
import { countText, spanText } from './span-text.ts';

/** More nodes than this nobody reads: then runs of one name are one node. */
const MOST_NODES = 200;
/** Mermaid refuses more than 500 edges unless its host allows them. */
const MOST_EDGES = 480;

/** The state types from what a person looks for first to what is as it should be: a group has the colour of its first. */
const GRAVEST: readonly StateType[] = [
  'FAILED',
  'CRASHED',
  'CANCELLED',
  'CANCELLING',
  'RUNNING',
  'PAUSED',
  'SCHEDULED',
  'PENDING',
  'SKIPPED',
  'COMPLETED',
];

const COLOURS: { readonly [type in StateType]: string } = {
  SCHEDULED: 'fill:#fff3bf,stroke:#e67700,color:#000',
  PENDING: 'fill:#f1f3f5,stroke:#868e96,color:#000',
  RUNNING: 'fill:#d0ebff,stroke:#1971c2,color:#000',
  PAUSED: 'fill:#e5dbff,stroke:#6741d9,color:#000',
  CANCELLING: 'fill:#ffe8cc,stroke:#d9480f,color:#000',
  COMPLETED: 'fill:#d3f9d8,stroke:#2b8a3e,color:#000',
  FAILED: 'fill:#ffe3e3,stroke:#c92a2a,color:#000',
  CRASHED: 'fill:#ffc9c9,stroke:#862e9c,color:#000',
  CANCELLED: 'fill:#ffe8cc,stroke:#868e96,color:#000',
  SKIPPED: 'fill:#e9ecef,stroke:#868e96,color:#000,stroke-dasharray:4 3',
};

/** What was undone looks faint, whatever it was before. */
const ROLLED_BACK = 'rolledback';
const FAINT = 'fill:#f8f0fc,stroke:#868e96,color:#000,stroke-dasharray:2 2';

function labelOfRun(run: Run, now: EpochMs): string {
  const duration = durationOf(run, now);
  const facts = [
    displayState(run, now),
    ...(run.queue === undefined ? [] : [`queue ${mermaidText(run.queue)}`]),
    ...(run.attempts > 1 ? [`${run.attempts} attempts`] : []),
    ...(duration === undefined ? [] : [spanText(duration)]),
  ];
  return `${mermaidText(titleOf(run))}<br/>${facts.join(' · ')}`;
}

function labelOf({ runs, names }: RunGroup, now: EpochMs): string {
  const [first] = runs;
  if (first === undefined) return '';
  if (runs.length === 1) return labelOfRun(first, now);
  const counts = Object.entries(countStates(runs)).map(
    ([type, count]) => `${countText(count)} ${type.toLowerCase()}`,
  );
  const undone = runs.filter(isRolledBack).length;
  if (undone > 0) counts.push(`${countText(undone)} of them rolled back`);
  const what = names === undefined ? mermaidText(first.name) : `${countText(names)} other names`;
  return `${what} × ${countText(runs.length)}#58; ${counts.join(', ')}`;
}

function isRolledBack({ rolledBackAt }: Run): boolean {
  return rolledBackAt !== undefined;
}

function classOf({ runs }: RunGroup): string {
  if (runs.length > 0 && runs.every(isRolledBack)) return ROLLED_BACK;
  const types = new Set(runs.map(({ state }) => state.type));
  return (GRAVEST.find((type) => types.has(type)) ?? 'PENDING').toLowerCase();
}

/** A dotted edge leads from what started to what was started, a full one from an input to what takes it. */
function edgesOf(groups: readonly RunGroup[]): readonly string[] {
  const nodeOf = new Map<RunId, string>();
  const nodeOfGroup = new Map<RunGroup, string>();
  for (const [at, group] of groups.entries()) {
    nodeOfGroup.set(group, `n${at}`);
    for (const { id } of group.runs) nodeOf.set(id, `n${at}`);
  }
  const edges = new Set<string>();
  for (const [at, { runs, parent }] of groups.entries()) {
    const above = parent === undefined ? undefined : nodeOfGroup.get(parent);
    if (above !== undefined) edges.add(`${above} -.-> n${at}`);
    for (const run of runs) {
      for (const { runId } of run.kind === 'task' ? run.dependsOn : []) {
        const from = nodeOf.get(runId);
        if (from !== undefined && from !== `n${at}`) edges.add(`${from} --> n${at}`);
      }
    }
  }
  return [...edges];
}

/**
 * A run and all below it as a Mermaid flowchart, calls of a `group()` in a frame: what is too many to be read is grouped by name. Of the edges, no more
 * are given than Mermaid accepts.
 */
export function flowchart(tree: RunTree, id: RunId, now: EpochMs): string {
  const top = tree.known(id);
  const many = tree.below(id).length >= MOST_NODES;
  let groups = many ? groupedByName(tree, top, MOST_NODES) : ungrouped(tree, top);
  if (!many && edgesOf(groups).length > MOST_EDGES) groups = groupedByName(tree, top, MOST_NODES);
  const edges = edgesOf(groups).slice(0, MOST_EDGES);
  const used = new Set(groups.map(classOf));
  const lines = [
    'flowchart TD',
    ...groups.map((group, at) => `  n${at}["${labelOf(group, now)}"]:::${classOf(group)}`),
    ...groupLines(groups),
    ...edges.map((edge) => `  ${edge}`),
    ...STATE_TYPES.filter((type) => used.has(type.toLowerCase())).map(
      (type) => `  classDef ${type.toLowerCase()} ${COLOURS[type]}`,
    ),
    ...(used.has(ROLLED_BACK) ? [`  classDef ${ROLLED_BACK} ${FAINT}`] : []),
  ];
  return `${lines.join('\n')}\n`;
}
