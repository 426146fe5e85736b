import type { Failure } from '../model/failure.ts';
import type { RunId } from '../model/ids.ts';
import { isElsewhere } from '../model/queued-run.ts';
import type { Run, TaskRun } from '../model/run.ts';
import { isTerminal, type EpochMs, type PausedState, type ScheduledState } from '../model/state.ts';
import { displayState } from './display-state.ts';
import { limitsInTheWay, type LimitInTheWay, type TakenShares } from './limit-wait.ts';
import { namedRun, type NamedRun } from './named-run.ts';
import { lostWorker, type QueueFacts, type WorkersSeen } from './queue-wait.ts';
import type { LeaseHolder, RunTree } from './run-tree.ts';

/** What keeps a run from its end. `for` says which kind it is. Times are epoch milliseconds. */
export type Reason =
  /** Nobody goes on with it: an engine that knows its flow takes it up with `recover()`. */
  | { readonly for: 'recovery'; readonly holder: LeaseHolder }
  /** An attempt failed, and the next one is due. */
  | {
      readonly for: 'retry';
      readonly attempt: number;
      readonly dueAt: EpochMs;
      readonly error: Failure;
    }
  /** The time of its start. */
  | { readonly for: 'start'; readonly dueAt: EpochMs; readonly late: boolean }
  /** A worker of its queue, from `dueAt` on. */
  | {
      readonly for: 'queue';
      readonly queue: string;
      readonly dueAt: EpochMs;
      readonly workers: WorkersSeen;
    }
  /** Shares of limits that others have. `dueAt` is when the wait began. */
  | {
      readonly for: 'slot';
      readonly dueAt: EpochMs;
      readonly limits: readonly LimitInTheWay[];
    }
  /** Its window, which opens at `dueAt`. */
  | { readonly for: 'window'; readonly dueAt: EpochMs; readonly closesAt?: EpochMs }
  /**
   * What it takes as input. Records name it only once it has ended: where `certain` is false, these are the runs
   * beside it that were started earlier and have not ended, at most 100, among which its inputs are.
   */
  | { readonly for: 'inputs'; readonly of: readonly NamedRun[]; readonly certain: boolean }
  /** Nothing that can be seen: it is about to start. */
  | { readonly for: 'turn' }
  /** What its code has started. */
  | { readonly for: 'children'; readonly of: readonly NamedRun[] }
  /** Its own function, which is under way. */
  | { readonly for: 'function'; readonly attempt: number }
  /** Its function to end, after somebody asked it to stop. */
  | { readonly for: 'stop'; readonly reason: string }
  /** The end of a sleep, or (where `inputs` names any) an input from outside; then `until` is when it gives up. */
  | { readonly for: 'pause'; readonly until?: EpochMs; readonly inputs: readonly string[] };

/** A run that has not ended, and why. */
export type Wait = Reason & { readonly run: NamedRun };

const MOST_INPUTS = 100;

function openOf(runs: readonly Run[]): readonly Run[] {
  return runs.filter(({ state }) => !isTerminal(state));
}

function pauseIn({ until, input, inputs }: PausedState): Reason {
  const named = inputs ?? (input === undefined ? [] : [input]);
  return { for: 'pause', inputs: named, ...(until === undefined ? {} : { until }) };
}

/** The open children of one parent, as far as they can be what others wait for. */
interface OpenSiblings {
  readonly open: readonly Run[];
  /** Those that do something, rather than waiting for others. */
  readonly active: readonly Run[];
  readonly placeOf: ReadonlyMap<RunId, number>;
}

function openSiblings(children: readonly Run[]): OpenSiblings {
  const open = openOf(children);
  return {
    open,
    active: open.filter(({ state }) => state.type !== 'PENDING').slice(0, MOST_INPUTS),
    placeOf: new Map(open.map((run, place) => [run.id, place])),
  };
}

/** What is known beside the records. */
export interface WaitFacts {
  /** Epoch milliseconds. */
  readonly now: EpochMs;
  /** Of the limits that the run, or one below it, waits for. */
  readonly shares: TakenShares;
  /** Of the queues that they wait on. */
  readonly queues: QueueFacts;
}

/** Tells, for the runs of one tree, what each waits for. */
class Waits {
  readonly #tree: RunTree;
  readonly #now: EpochMs;
  readonly #shares: TakenShares;
  readonly #queues: QueueFacts;
  readonly #siblings = new Map<string, OpenSiblings>();

  constructor(tree: RunTree, { now, shares, queues }: WaitFacts) {
    this.#tree = tree;
    this.#now = now;
    this.#shares = shares;
    this.#queues = queues;
  }

  of(run: Run): Wait {
    const lost = isElsewhere(run) ? lostWorker(this.#queues, run) : undefined;
    const reason: Reason =
      lost === undefined ? this.#reason(run) : { for: 'recovery', holder: lost };
    return { run: namedRun(run), ...reason };
  }

  #reason(run: Run): Reason {
    const { state } = run;
    switch (state.type) {
      case 'SCHEDULED':
        return state.name === 'AwaitingRetry'
          ? { for: 'retry', attempt: state.nextAttempt, dueAt: state.dueAt, error: state.error }
          : this.#scheduled(run, state);
      case 'RUNNING': {
        const of = openOf(this.#tree.children(run.id)).map(namedRun);
        return of.length > 0
          ? { for: 'children', of }
          : { for: 'function', attempt: state.attempt };
      }
      case 'CANCELLING':
        return { for: 'stop', reason: state.reason };
      case 'PAUSED':
        return pauseIn(state);
      default:
        return this.#inputs(run);
    }
  }

  #scheduled(run: Run, { name, dueAt }: ScheduledState): Reason {
    if (name === 'AwaitingSlot') {
      return { for: 'slot', dueAt, limits: limitsInTheWay(this.#tree, run, this.#shares) };
    }
    if (name === 'AwaitingWindow') {
      const closesAt = run.bounds?.window?.closesAt;
      return { for: 'window', dueAt, ...(closesAt === undefined ? {} : { closesAt }) };
    }
    // Claimed, it starts at once.
    const { queue } = run;
    const { claims, workers } = this.#queues;
    const free = isElsewhere(run) ? !claims.has(run.id) : this.#tree.holder === undefined;
    if (queue !== undefined && free) {
      return { for: 'queue', queue, dueAt, workers: workers.get(queue) ?? 'none-seen' };
    }
    if (name === 'AwaitingRecovery') return { for: 'turn' };
    return { for: 'start', dueAt, late: displayState(run, this.#now) === 'Late' };
  }

  #inputs(run: Run): Reason {
    if (run.kind !== 'task') return { for: 'turn' };
    const known = run.dependsOn.flatMap(({ runId }) => this.#tree.get(runId) ?? []);
    const open = openOf(known).map(namedRun);
    if (open.length > 0) return { for: 'inputs', of: open, certain: true };
    const earlier = this.#earlier(run).map(namedRun);
    return earlier.length === 0 ? { for: 'turn' } : { for: 'inputs', of: earlier, certain: false };
  }

  /** Open runs beside one that were made before it: what is active, or else what waits itself. */
  #earlier({ id, parentId }: TaskRun): readonly Run[] {
    const siblings = this.#siblings.get(parentId) ?? openSiblings(this.#tree.children(parentId));
    this.#siblings.set(parentId, siblings);
    const { open, active, placeOf } = siblings;
    const place = placeOf.get(id) ?? 0;
    const before = active.filter((each) => (placeOf.get(each.id) ?? 0) < place);
    return before.length > 0 ? before : open.slice(0, Math.min(place, MOST_INPUTS));
  }
}

/**
 * What a run waits for, and each run below it that has not ended: the run itself first. Empty when it has ended.
 * Where nobody goes on with it, that is the one thing it waits for.
 */
export function waitsOf(tree: RunTree, run: Run, facts: WaitFacts): readonly Wait[] {
  if (isTerminal(run.state)) return [];
  if (tree.leftBehind && tree.holder !== undefined) {
    return [{ run: namedRun(run), for: 'recovery', holder: tree.holder }];
  }
  const waits = new Waits(tree, facts);
  return [run, ...openOf(tree.below(run.id))].map((each) => waits.of(each));
}
