import type { RunId } from '../model/ids.ts';
import type { Run } from '../model/run.ts';
import { STATE_TYPES, type EpochMs, type State, type StateType } from '../model/state.ts';
import { displayState, type DisplayState } from './display-state.ts';

/** A run in short: what its record says, and what follows from it at the time of reading. Times are epoch milliseconds. */
export interface RunFacts {
  readonly id: RunId;
  readonly kind: 'flow' | 'task';
  /** The definition's name. */
  readonly name: string;
  /** What people call this run, where its definition says so. */
  readonly runName?: string;
  /** The version of its definition when it was last started or resumed, where that has one. */
  readonly definitionVersion?: string;
  readonly rootId: RunId;
  readonly parentId?: RunId;
  /** The groups that its call stood in, outermost first. */
  readonly groups?: readonly string[];
  readonly state: State;
  /** The name of the state; `Late` where its start was due and it has not started, `RolledBack` where its work was undone. */
  readonly displayState: DisplayState;
  readonly generation: number;
  /** Attempts started in this generation. */
  readonly attempts: number;
  /** How often it was taken up after its process died. */
  readonly recoveries: number;
  readonly createdAt: EpochMs;
  readonly startedAt?: EpochMs;
  readonly endedAt?: EpochMs;
  /** When what it had done was undone. */
  readonly rolledBackAt?: EpochMs;
  /** From the first attempt to the end, or to now, waits between attempts included. Absent before it has started. */
  readonly duration?: number;
}

/** How many runs are in each state; states that none is in are left out. */
export type StateCounts = { readonly [type in StateType]?: number };

/** How long a run has been or was under way, in milliseconds. Undefined before it has started. */
export function durationOf({ startedAt, endedAt }: Run, now: EpochMs): number | undefined {
  return startedAt === undefined ? undefined : Math.max(0, (endedAt ?? now) - startedAt);
}

/** A run in short. */
export function runFacts(run: Run, now: EpochMs): RunFacts {
  const { id, kind, name, rootId, state, generation, attempts, recoveries, createdAt } = run;
  const { runName, definitionVersion, parentId, groups, startedAt, endedAt, rolledBackAt } = run;
  const duration = durationOf(run, now);
  return {
    id,
    kind,
    name,
    rootId,
    state,
    generation,
    attempts,
    recoveries,
    createdAt,
    displayState: displayState(run, now),
    ...(runName === undefined ? {} : { runName }),
    ...(definitionVersion === undefined ? {} : { definitionVersion }),
    ...(parentId === undefined ? {} : { parentId }),
    ...(groups === undefined ? {} : { groups }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(rolledBackAt === undefined ? {} : { rolledBackAt }),
    ...(duration === undefined ? {} : { duration }),
  };
}

/** Counts runs by the type of their state, in the order in which tables list them. */
export function countStates(runs: readonly Run[]): StateCounts {
  const found = new Map<StateType, number>();
  for (const { state } of runs) found.set(state.type, (found.get(state.type) ?? 0) + 1);
  return Object.fromEntries(
    STATE_TYPES.flatMap((type) => {
      const count = found.get(type);
      return count === undefined ? [] : [[type, count]];
    }),
  );
}
