import type { EpochMs } from './state.ts';

/** One occurrence of a window. */
export interface WindowSpan {
  readonly opensAt: EpochMs;
  readonly closesAt: EpochMs;
}

/** What the time of one generation of a run is bounded by, fixed when it is made. */
export interface RunBounds {
  /** When it must have ended: its `deadline`. */
  readonly deadline?: EpochMs;
  /** The occurrence of its window in which it must start and end. */
  readonly window?: WindowSpan;
}

/** When the time of a run is over, and by whose will. */
export interface Bound {
  readonly kind: 'deadline' | 'window';
  readonly at: EpochMs;
  /** The name of the run that has it: the run itself, or one further up. */
  readonly of: string;
}

/** The nearer of what bounds a run by itself. */
export function boundOf(run: {
  readonly name: string;
  readonly bounds?: RunBounds;
}): Bound | undefined {
  const { bounds, name: of } = run;
  if (bounds === undefined) return undefined;
  const { deadline, window } = bounds;
  return nearerBound(
    deadline === undefined ? undefined : { kind: 'deadline', at: deadline, of },
    window === undefined ? undefined : { kind: 'window', at: window.closesAt, of },
  );
}

/** The one that comes first. */
export function nearerBound(one: Bound | undefined, other: Bound | undefined): Bound | undefined {
  if (one === undefined) return other;
  return other === undefined || one.at <= other.at ? one : other;
}
