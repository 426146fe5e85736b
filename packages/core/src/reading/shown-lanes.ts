import type { Lane, Timeline } from './timeline.ts';

/** How many lanes a person is shown unless they ask for more. */
export const LANES = 60;

/** What is drawn of a timeline, and what is not. */
export interface ShownLanes {
  readonly shown: readonly Lane[];
  readonly hidden: readonly Lane[];
}

/** Whether a lane tells more than that all is well. */
function tells({ depth, stateType }: Lane): boolean {
  return depth === 0 || stateType !== 'COMPLETED';
}

/** The lanes that are drawn where there are too many: what did not complete before what did, in the order they have. */
export function shownLanes({ lanes }: Timeline, most: number): ShownLanes {
  const chosen = new Set(
    [...lanes.filter(tells), ...lanes.filter((lane) => !tells(lane))].slice(0, Math.max(1, most)),
  );
  return {
    shown: lanes.filter((lane) => chosen.has(lane)),
    hidden: lanes.filter((lane) => !chosen.has(lane)),
  };
}

/** What is said of the lanes that are not drawn. Undefined when all are. */
export function hiddenText({ hidden }: ShownLanes): string | undefined {
  if (hidden.length === 0) return undefined;
  const counts = new Map<string, number>();
  for (const { state } of hidden) counts.set(state, (counts.get(state) ?? 0) + 1);
  const parts = [...counts].map(([state, count]) => `${count} ${state}`);
  return `${hidden.length} more: ${parts.join(', ')}`;
}
