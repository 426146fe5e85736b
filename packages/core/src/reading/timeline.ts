import type { RunId } from '../model/ids.ts';
import type { HistoryEntry, Run } from '../model/run.ts';
import { isTerminal, type EpochMs, type State, type StateType } from '../model/state.ts';
import { displayState, type DisplayState } from './display-state.ts';
import { durationOf } from './run-facts.ts';
import type { RunTree } from './run-tree.ts';

/**
 * What a run did for a while:
 * - `waiting`: for its time, its inputs, or for somebody to take it up;
 * - `running`: an attempt was under way, also one that was told to stop;
 * - `backing-off`: an attempt had failed, and the next one was not due.
 */
export type Phase = 'waiting' | 'running' | 'backing-off';

/** A stretch of time in which a run did one thing. Times are epoch milliseconds. */
export interface Span {
  readonly phase: Phase;
  readonly generation: number;
  /** The attempt that runs, or that is waited for; counts from 1. */
  readonly attempt: number;
  readonly from: EpochMs;
  /** Not before `from`, also where a clock was set back. For an open one: the time of reading. */
  readonly to: EpochMs;
  /** It had not come to its end. Where its process died, nobody knows when it did. */
  readonly open: boolean;
}

/** The spans of one run. */
export interface Lane {
  readonly id: RunId;
  readonly kind: 'flow' | 'task';
  readonly name: string;
  readonly runName?: string;
  /** The groups that its call stood in, outermost first. */
  readonly groups?: readonly string[];
  /** How far below the run in question: 0 for itself. */
  readonly depth: number;
  readonly state: DisplayState;
  readonly stateType: StateType;
  readonly attempts: number;
  /** Of its present generation, in milliseconds. Absent before it has started. */
  readonly duration?: number;
  /** Oldest first, over all its generations. Stretches of waiting that took no time are left out. */
  readonly spans: readonly Span[];
}

/** When a run and all below it did what. Data: it can be sent as JSON. Times are epoch milliseconds. */
export interface Timeline {
  /** When the first span begins. */
  readonly from: EpochMs;
  /** When the last span ends. */
  readonly to: EpochMs;
  /** When it was read. */
  readonly readAt: EpochMs;
  /** Whether it has not ended and nobody goes on with it: what is open ended at a time that nobody knows. */
  readonly leftBehind: boolean;
  /** The run in question first; each followed by what is below it. */
  readonly lanes: readonly Lane[];
}

function phaseOf(state: State): Phase | undefined {
  if (isTerminal(state)) return undefined;
  if (state.name === 'AwaitingRetry') return 'backing-off';
  return state.type === 'RUNNING' || state.type === 'CANCELLING' ? 'running' : 'waiting';
}

/** One stretch for states that follow each other and are one to the reader: running, then cancelling. */
function joined(spans: readonly Span[]): readonly Span[] {
  const result: Span[] = [];
  for (const span of spans) {
    const last = result.at(-1);
    const same =
      last?.phase === span.phase &&
      last.generation === span.generation &&
      last.attempt === span.attempt;
    if (last !== undefined && same && span.phase !== 'backing-off') {
      result[result.length - 1] = { ...last, to: span.to, open: span.open };
    } else result.push(span);
  }
  return result.filter(({ phase, from, to, open }) => phase === 'running' || open || to > from);
}

function attemptIn(state: State, before: number): number {
  if (state.type === 'RUNNING') return state.attempt;
  return state.name === 'AwaitingRetry' ? state.nextAttempt : Math.max(1, before);
}

/** The spans of one run. */
function spansOf(history: readonly HistoryEntry[], now: EpochMs): readonly Span[] {
  const spans: Span[] = [];
  let attempt = 0;
  let generation = 0;
  for (const [place, { state, at, generation: of }] of history.entries()) {
    if (of !== generation) attempt = 0;
    generation = of;
    attempt = attemptIn(state, attempt);
    const phase = phaseOf(state);
    if (phase === undefined) continue;
    const next = history[place + 1];
    const to = Math.max(at, next?.at ?? now);
    spans.push({ phase, generation, attempt, from: at, to, open: next === undefined });
  }
  return joined(spans);
}

function laneOf(run: Run, depth: number, spans: readonly Span[], now: EpochMs): Lane {
  const { id, kind, name, runName, groups, attempts } = run;
  const duration = durationOf(run, now);
  return {
    id,
    kind,
    name,
    depth,
    attempts,
    spans,
    ...(runName === undefined ? {} : { runName }),
    ...(groups === undefined ? {} : { groups }),
    ...(duration === undefined ? {} : { duration }),
    state: displayState(run, now),
    stateType: run.state.type,
  };
}

/** The spans of a run and of all below it, from their histories. */
export function timelineOf(
  tree: RunTree,
  id: RunId,
  histories: ReadonlyMap<RunId, readonly HistoryEntry[]>,
  now: EpochMs,
): Timeline {
  const top = tree.known(id);
  const depths = new Map<RunId | undefined, number>([[top.id, 0]]);
  const lanes = [top, ...tree.below(id)].map((run) => {
    const depth = run === top ? 0 : (depths.get(run.parentId) ?? 0) + 1;
    depths.set(run.id, depth);
    return laneOf(run, depth, spansOf(histories.get(run.id) ?? [], now), now);
  });
  let from = top.createdAt;
  let to = top.endedAt ?? from;
  for (const span of lanes.flatMap(({ spans }) => spans)) {
    from = Math.min(from, span.from);
    to = Math.max(to, span.to);
  }
  return { from, to, readAt: now, leftBehind: tree.leftBehind, lanes };
}
