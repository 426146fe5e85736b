import type { Draft } from '../../model/draft.ts';
import type { RunId } from '../../model/ids.ts';
import type { HistoryEntry, PendingHook, Run } from '../../model/run.ts';
import type { State } from '../../model/state.ts';

/**
 * A deep copy of JSON. −0 becomes 0 and an `undefined` property is left out, as in JSON text, so that a
 * memory store gives back what a durable one would.
 */
export function copyJson<T>(value: T): T {
  if (typeof value === 'number') return (value === 0 ? 0 : value) as T;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyJson) as T;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key];
    if (member === undefined) continue;
    if (key === '__proto__') defineProto(copy, copyJson(member));
    else copy[key] = copyJson(member);
  }
  return copy as T;
}

/** Assigning to `__proto__` would set the prototype; JSON.parse makes it an own property. */
function defineProto(target: object, value: unknown): void {
  Object.defineProperty(target, '__proto__', {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

/** Spreads where the members are flat: several times faster than walking the keys. */
export function copyState<S extends State>(state: S): S;
export function copyState(state: State): State {
  switch (state.type) {
    case 'COMPLETED':
      return { ...state, result: copyJson(state.result) };
    case 'FAILED':
    case 'CRASHED':
      return { ...state, error: copyJson(state.error) };
    case 'SCHEDULED':
      return state.name === 'AwaitingRetry'
        ? { ...state, error: copyJson(state.error) }
        : { ...state };
    case 'PAUSED':
      return state.inputs === undefined ? { ...state } : { ...state, inputs: [...state.inputs] };
    default:
      return { ...state };
  }
}

const NONE: readonly never[] = Object.freeze([]);
export const PENDING: State = Object.freeze({ type: 'PENDING', name: 'Pending' });
export const RUNNING: State = Object.freeze({ type: 'RUNNING', name: 'Running', attempt: 1 });

/** A state as a store keeps it. Nearly every run goes through the same two: they are kept once. */
function keptState(state: State): State {
  if (state.type === 'PENDING') return PENDING;
  if (state.type === 'RUNNING' && state.name === 'Running' && state.attempt === 1) return RUNNING;
  return copyState(state);
}

/** Copies what is not flat, beside state and tags, in a flat copy of a run. */
function copyMembers(copy: Draft<Run>): void {
  if (copy.kind === 'flow') {
    copy.inputs = copyJson(copy.inputs);
    if (copy.earlierVersions !== undefined) copy.earlierVersions = copyJson(copy.earlierVersions);
  } else {
    if (copy.dependsOn !== NONE) copy.dependsOn = copy.dependsOn.map((on) => ({ ...on }));
    if (copy.inputs !== undefined) copy.inputs = copyJson(copy.inputs);
  }
  if (copy.bounds !== undefined) copy.bounds = copyJson(copy.bounds);
  if (copy.transaction !== undefined) copy.transaction = copyJson(copy.transaction);
}

/** A run as a store keeps it: it shares nothing that could change with the given one. */
export function keptRun(run: Run): Run {
  const kept: Draft<Run> = { ...run };
  kept.state = keptState(run.state);
  kept.tags = run.tags.length === 0 ? NONE : [...run.tags];
  if (kept.kind === 'task' && kept.dependsOn.length === 0) kept.dependsOn = NONE;
  copyMembers(kept);
  return kept;
}

/** A history entry without what the run it stands with tells as well. */
export type KeptStep = Omit<HistoryEntry, 'runId'>;

/**
 * A history entry as a store keeps it.
 *
 * @param kept its state, where that is kept already
 */
export function keptStep(
  { generation, version, step, at, state }: HistoryEntry,
  kept: State = keptState(state),
): KeptStep {
  return { generation, version, step, at, state: kept };
}

/** A history entry that shares nothing with what the store keeps. */
export function copyStep(runId: RunId, { state, ...step }: KeptStep): HistoryEntry {
  return { runId, ...step, state: copyState(state) };
}

/** A run that shares nothing with the given one. */
export function copyRun(run: Run): Run {
  const copy: Draft<Run> = { ...run };
  copy.state = copyState(run.state);
  copy.tags = [...run.tags];
  if (copy.kind === 'task' && copy.dependsOn === NONE) copy.dependsOn = [];
  copyMembers(copy);
  return copy;
}

/** A pending hook that shares nothing with the given one. */
export function copyHook(hook: PendingHook): PendingHook {
  return { ...hook, state: copyState(hook.state) };
}
