import { tracingChannel, type TracingChannel } from 'node:diagnostics_channel';
import type { RunId } from '../model/ids.ts';
import type { Outcome } from '../model/outcome.ts';
import type { State } from '../model/state.ts';
import { errorOf, fromFailure, toFailure } from '../serial/failure-codec.ts';
import { scrubError } from '../serial/scrub-error.ts';
import type { Durability, RunStore } from '../store/run-store.ts';
import type { AttemptEnd } from './attempt.ts';
import type { EngineCore } from './engine-core.ts';
import type { Performance } from './performance.ts';
import type { Scope } from './scope.ts';

/** What every span has in the end. */
interface Span {
  /** Set when it failed, before the event `error`. Holds no secret. */
  error?: Error;
}

/** A run from its start in this process to its outcome, on the channels `tracing:holdfast:run:*`. */
export interface RunSpan extends Span {
  readonly runId: RunId;
  readonly rootId: RunId;
  /** Absent for a top-level run. */
  readonly parentId?: RunId;
  readonly kind: 'flow' | 'task';
  /** The definition's name. */
  readonly name: string;
  readonly generation: number;
  /** How often it was taken up after its process had died. */
  readonly recoveries: number;
  /** The trace that its top-level run is part of, where that was said at its start. */
  readonly traceparent?: string;
  /** Where it stands in the end: set before `asyncEnd`. */
  state?: State;
}

/** One attempt of a run, on the channels `tracing:holdfast:attempt:*`. Its code runs within the span. */
export interface AttemptSpan extends Span {
  readonly runId: RunId;
  readonly rootId: RunId;
  readonly kind: 'flow' | 'task';
  /** The definition's name. */
  readonly name: string;
  readonly generation: number;
  /** Counts from 1. */
  readonly attempt: number;
  /** As that of a {@link RunSpan}. */
  readonly traceparent?: string;
  /** How it ended: set before `asyncEnd`. */
  end?: AttemptEnd['kind'];
}

/** One commit of the run store, on the channels `tracing:holdfast:commit:*`. */
export interface CommitSpan extends Span {
  /** The store's adapter: 'memory', 'sqlite', … */
  readonly adapter: string;
  /** How many writes it carries. */
  readonly writes: number;
  readonly durability: Durability;
}

type Channel<S extends object> = TracingChannel<unknown, S>;

/** Whoever opens a span asks first whether somebody listens: nothing is made of it otherwise. */
export const runSpans: Channel<RunSpan> = tracingChannel('holdfast:run');
export const attemptSpans: Channel<AttemptSpan> = tracingChannel('holdfast:attempt');
export const commitSpans: Channel<CommitSpan> = tracingChannel('holdfast:commit');

/**
 * Does some work within a span, as `tracePromise` does. What ended otherwise than well need not be a rejection here.
 *
 * @param note sets on the span what came of it; gives the error, if it is one
 */
function traced<S extends Span, T>(
  channel: Channel<S>,
  span: S,
  work: () => Promise<T>,
  note: (value: T) => Error | undefined,
): Promise<T> {
  const over = (error: Error | undefined): void => {
    if (error !== undefined) {
      span.error = error;
      channel.error.publish(span);
    }
    channel.asyncStart.publish(span);
    channel.asyncEnd.publish(span);
  };
  return channel.start.runStores(span, () => {
    const done = work();
    channel.end.publish(span);
    return done.then(
      (value) => {
        over(note(value));
        return value;
      },
      (error: unknown) => {
        over(errorOf(error));
        throw error;
      },
    );
  });
}

function traceOf({ traceparent }: { readonly traceparent: string | undefined }): {
  traceparent?: string;
} {
  return traceparent === undefined ? {} : { traceparent };
}

/** An error as others may see it. */
function shown({ scrubber }: EngineCore, thrown: unknown): Error {
  const error = errorOf(thrown);
  return scrubError(error, scrubber.scrub) ? error : fromFailure(toFailure(thrown, scrubber.scrub));
}

/** Executes a run within its span. */
export function withinRunSpan(
  { execution, handle }: Performance,
  work: () => Promise<Outcome<unknown>>,
): Promise<Outcome<unknown>> {
  const { id: runId, rootId, parentId, kind, name, generation, recoveries } = handle.run;
  const parent = parentId === undefined ? {} : { parentId };
  const about = { runId, rootId, ...parent, kind, name, generation, recoveries };
  const span: RunSpan = { ...about, ...traceOf(execution) };
  return traced(runSpans, span, work, (outcome) => {
    span.state = handle.state;
    return outcome.ok ? undefined : shown(execution.engine, outcome.error);
  });
}

/** Makes an attempt within its span. */
export function withinAttemptSpan(
  { execution, run }: Scope,
  work: () => Promise<AttemptEnd>,
): Promise<AttemptEnd> {
  const { id: runId, rootId, kind, name, generation, attempts: attempt } = run;
  const about = { runId, rootId, kind, name, generation, attempt };
  const span: AttemptSpan = { ...about, ...traceOf(execution) };
  return traced(attemptSpans, span, work, (end) => {
    span.end = end.kind;
    if (end.kind === 'returned') return undefined;
    return shown(execution.engine, end.kind === 'aborted' ? end.reason : end.error);
  });
}

/** Commits within a span. */
export function withinCommitSpan<T>(
  { adapter }: RunStore,
  writes: number,
  durability: Durability,
  work: () => Promise<T>,
): Promise<T> {
  return traced(commitSpans, { adapter, writes, durability }, work, () => undefined);
}
