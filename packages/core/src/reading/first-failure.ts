import { cancelled, skipped } from '../errors/errors.ts';
import type { Failure } from '../model/failure.ts';
import type { RunId } from '../model/ids.ts';
import type { Run } from '../model/run.ts';
import { isTerminal, type EpochMs } from '../model/state.ts';
import { toFailure } from '../serial/failure-codec.ts';
import { namedRun, type NamedRun } from './named-run.ts';
import type { RunTree } from './run-tree.ts';

/** One step on the way of a failure. */
export interface FailureStep {
  readonly run: NamedRun;
  /**
   * - `failed`: by itself; where the way begins;
   * - `skipped`: it needed the one before as input;
   * - `failed-with`: the failure of the one before, which it had started, became its own;
   * - `crashed-with`: the one before had started it and was not taken up again.
   */
  readonly how: 'failed' | 'skipped' | 'failed-with' | 'crashed-with';
}

/** The first run that failed by itself, and how that came to the run in question. */
export interface FirstFailure {
  readonly run: NamedRun;
  /** When, in epoch milliseconds. */
  readonly at: EpochMs;
  /** At which attempt. 0: it could not be started. */
  readonly attempt: number;
  readonly error: Failure;
  /**
   * Whether the run in question has failed for it. False while that has not ended, where its code went on without what
   * failed, and where its code made another error of it that does not hold the first as its cause.
   */
  readonly reached: boolean;
  /** From the run that failed by itself to the run in question; where it was not reached, the first step alone. */
  readonly chain: readonly FailureStep[];
}

function asFailure(error: Error): Failure {
  const { stack: _, ...failure } = toFailure(error);
  return failure;
}

/** How a run that ended otherwise than well is known to those who need it. Undefined for any other. */
function failureOf({ state, name }: Run): Failure | undefined {
  switch (state.type) {
    case 'FAILED':
    case 'CRASHED':
      return state.error;
    case 'CANCELLED':
      return asFailure(cancelled(`'${name}'`, state.reason));
    case 'SKIPPED':
      return asFailure(skipped(state.name, state.reason));
    default:
      return undefined;
  }
}

function faceOf({ name, code, message }: Failure): string {
  return JSON.stringify([name, code, message]);
}

/**
 * The children whose failure a run has failed with: those that its error equals, or what is within it. What is within
 * the failure of a child is that child's to account for.
 */
function failedWith(tree: RunTree, run: Run, error: Failure): readonly Run[] {
  const byFace = new Map<string, Run[]>();
  for (const child of tree.children(run.id)) {
    const failure = failureOf(child);
    if (failure === undefined) continue;
    const face = faceOf(failure);
    const alike = byFace.get(face);
    if (alike === undefined) byFace.set(face, [child]);
    else alike.push(child);
  }
  const matched = new Set<string>();
  const parts = byFace.size === 0 ? [] : [error];
  for (const part of parts) {
    const face = faceOf(part);
    if (byFace.has(face)) matched.add(face);
    else parts.push(...(part.cause === undefined ? [] : [part.cause]), ...(part.errors ?? []));
  }
  return [...matched].flatMap((face) => byFace.get(face) ?? []);
}

/** The runs for which a run ended as it did. None: it failed by itself. */
function causesOf(tree: RunTree, run: Run): readonly Run[] {
  const { state } = run;
  if (state.type === 'SKIPPED') {
    const needs = run.kind === 'task' ? run.dependsOn : [];
    return needs
      .flatMap(({ runId }) => tree.get(runId) ?? [])
      .filter((each) => failureOf(each) !== undefined);
  }
  if (state.type === 'CRASHED' && state.error.code === 'PARENT_CRASHED') {
    const parent = tree.get(run.parentId);
    return parent === undefined ? [] : [parent];
  }
  return state.type === 'FAILED' ? failedWith(tree, run, state.error) : [];
}

/** The first in time; the order of making decides between equals. */
function firstInTime(runs: readonly Run[]): Run | undefined {
  let first: Run | undefined;
  for (const run of runs) {
    if (first === undefined || (run.endedAt ?? 0) < (first.endedAt ?? 0)) first = run;
  }
  return first;
}

/** How the failures below a run came about. */
class FailureGraph {
  readonly #tree: RunTree;
  readonly #causes = new Map<RunId, readonly Run[]>();

  constructor(tree: RunTree) {
    this.#tree = tree;
  }

  causes(run: Run): readonly Run[] {
    const known = this.#causes.get(run.id) ?? causesOf(this.#tree, run);
    this.#causes.set(run.id, known);
    return known;
  }

  /** Everything that a run ended for, each with the run that it was a cause of: nearest first. */
  reaching(run: Run): Map<Run, Run | undefined> {
    const led = new Map<Run, Run | undefined>([[run, undefined]]);
    for (const [each] of led) {
      for (const cause of this.causes(each)) if (!led.has(cause)) led.set(cause, each);
    }
    return led;
  }
}

function stepOf(run: Run, before: Run | undefined): FailureStep {
  const how = (): FailureStep['how'] => {
    if (before === undefined) return 'failed';
    if (run.state.type === 'SKIPPED') return 'skipped';
    return run.state.type === 'CRASHED' ? 'crashed-with' : 'failed-with';
  };
  return { run: namedRun(run), how: how() };
}

const TIME_OVER: ReadonlySet<string | undefined> = new Set([
  'DEADLINE_PASSED',
  'WINDOW_CLOSED',
  'WINDOW_MISSED',
]);

/** Whether a run did nothing wrong before the time of what started it was over: then its end is no failure of its own. */
function endedWithOther({ name, state }: Run): boolean {
  if (state.type !== 'FAILED' || !TIME_OVER.has(state.error.code)) return false;
  return state.error.cause === undefined && state.error.context?.['of'] !== name;
}

/** The runs below one that count as failed: what was cancelled or skipped did not fail. */
function failedBelow(tree: RunTree, run: Run): readonly Run[] {
  return tree
    .present(run.id)
    .filter(({ state }) => state.type === 'FAILED' || state.type === 'CRASHED')
    .filter((each) => !endedWithOther(each));
}

function failureFrom(run: Run, led?: ReadonlyMap<Run, Run | undefined>): FirstFailure {
  const chain: FailureStep[] = [stepOf(run, undefined)];
  for (let before = run, next = led?.get(run); next !== undefined; next = led?.get(next)) {
    chain.push(stepOf(next, before));
    before = next;
  }
  return {
    run: namedRun(run),
    at: run.endedAt ?? run.createdAt,
    attempt: run.attempts,
    error: failureOf(run) as Failure,
    reached: led !== undefined,
    chain,
  };
}

/**
 * The run at or below one that failed first, by itself, under the present try. Of those whose failure became that of
 * the run in question it is the first in time; where there is none below it, the first in time of all below it; where
 * nothing below it failed, the run itself. Undefined when nothing failed: a cancel is no failure.
 */
export function firstFailure(tree: RunTree, run: Run): FirstFailure | undefined {
  const graph = new FailureGraph(tree);
  const byItself = (each: Run): boolean => graph.causes(each).length === 0;
  const ended = isTerminal(run.state) && run.state.type !== 'COMPLETED';
  if (ended && run.state.type !== 'CANCELLED') {
    const led = graph.reaching(run);
    const reached = firstInTime([...led.keys()].filter((each) => each !== run && byItself(each)));
    if (reached !== undefined) return failureFrom(reached, led);
  }
  const below = firstInTime(failedBelow(tree, run).filter(byItself));
  if (below !== undefined) return failureFrom(below);
  const itself = run.state.type === 'FAILED' || run.state.type === 'CRASHED';
  return itself ? failureFrom(run, new Map([[run, undefined]])) : undefined;
}
