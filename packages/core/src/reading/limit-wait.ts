import type { RunId } from '../model/ids.ts';
import { limitKind, runOfPermit, type LimitKind } from '../model/limit-name.ts';
import type { Run } from '../model/run.ts';
import type { Permit } from '../model/shared-state.ts';
import type { EpochMs } from '../model/state.ts';
import { namedRun, type NamedRun } from './named-run.ts';
import type { RunTree } from './run-tree.ts';

/** Who has a share of a limit. */
export interface ShareHolder {
  /** Absent where the store no longer has it. */
  readonly run?: NamedRun;
  readonly slots: number;
  /** When it ends by itself: of a rate for certain, else unless it is given back before, or renewed. Epoch milliseconds. */
  readonly until: EpochMs;
}

/** A limit that is in the way of a run. Who has places in a group is not known to the store. */
export type LimitInTheWay = LimitKind & { readonly heldBy: readonly ShareHolder[] };

/** What is known of the limits that the runs of a tree wait for. */
export interface TakenShares {
  /** In force. */
  readonly permits: readonly Permit[];
  /** Runs of other trees that hold some of them. */
  readonly others: ReadonlyMap<RunId, Run>;
}

/** The limits that a run waits for, as its record names them. */
export function limitsInTheWayOf({ state }: Run): readonly string[] {
  return state.type === 'SCHEDULED' && state.name === 'AwaitingSlot' ? (state.limits ?? []) : [];
}

/** What is in the way of a run that waits for limits. */
export function limitsInTheWay(
  tree: RunTree,
  run: Run,
  { permits, others }: TakenShares,
): readonly LimitInTheWay[] {
  return limitsInTheWayOf(run).map((limit) => {
    const heldBy = permits
      .filter((permit) => permit.limit === limit)
      .map(({ id, slots, expiresAt }): ShareHolder => {
        const runId = runOfPermit(id);
        const holder = runId === undefined ? undefined : (tree.get(runId) ?? others.get(runId));
        const named = holder === undefined ? {} : { run: namedRun(holder) };
        return { ...named, slots, until: expiresAt };
      });
    return { ...limitKind(limit), heldBy };
  });
}
