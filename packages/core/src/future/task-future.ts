import type { RunId } from '../model/ids.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Dependency } from '../model/run.ts';
import { ObservedPromise } from './observed-promise.ts';

declare const future: unique symbol;

/**
 * A task that was submitted. Pass it to another task where a value is wanted, await it, or ask for its
 * outcome. Its failure counts as looked at once it was awaited with a handler, `result()` was handled,
 * or `outcome()` was called; else it fails the flow.
 *
 * A helper that gives back a future must not be `async`: JavaScript would await it on the way.
 */
export interface TaskFuture<out T> extends PromiseLike<T> {
  readonly [future]: 'one';
  /** The id of its run; undefined until it is known, which is at once unless its key depends on another future. */
  readonly runId: RunId | undefined;
  /** The value, or a rejection with what the task threw. Within the task itself: `RUN_WAITS_ON_ITSELF`. */
  result(): Promise<T>;
  /** How it ended. Never rejects, except within the task itself: `RUN_WAITS_ON_ITSELF`. */
  outcome(): Promise<Outcome<T>>;
  /** Asks the task to stop. Nothing happens when it has ended. */
  cancel(reason?: string): void;
}

/**
 * The members of a `map`, which are started as slots become free.
 */
export interface TaskFutureList<out T> extends PromiseLike<T[]>, AsyncIterable<T> {
  readonly [future]: 'list';
  /** All values, in the order of the items. Rejects, after every member has ended, with one AggregateError. */
  result(): Promise<T[]>;
  /** How each ended, in the order of the items. Rejects only when the items themselves could not be read. */
  outcomes(): Promise<Outcome<T>[]>;
  /** Each as it ends. */
  asCompleted(): AsyncIterable<{ readonly index: number; readonly outcome: Outcome<T> }>;
  /** Starts no more members, and asks those under way to stop. */
  cancel(reason?: string): void;
}

/** What can be waited for. */
export type Waitable = TaskFuture<unknown> | TaskFutureList<unknown>;

const ONE = Symbol.for('@holdfast/future');

/** What the engine knows of a future beyond its face. */
export interface FutureParts<T> {
  /** Never rejects. */
  readonly settled: Promise<Outcome<T>>;
  /** Whether it has settled. */
  ended(): boolean;
  /** Stands for the result in the identity of what takes it as input. */
  identity(): string;
  /** The runs that the value comes from, once it has settled. */
  dependencies(): readonly Dependency[];
  runId(): RunId | undefined;
  observe(): void;
  cancel(reason?: string): void;
  /** The code that executes now waits for this work of its. */
  waiting<W>(work: Promise<W>): Promise<W>;
  /** Why the code that executes now would wait for ever for it: it is part of what has to end first. */
  selfWait(): Error | undefined;
}

/** What is left to know of a run that has completed: it holds on to nothing of what did it. */
class CompletedParts<T> implements FutureParts<T> {
  readonly settled: Promise<Outcome<T>>;
  readonly #identity: string;
  readonly #runId: RunId | undefined;
  readonly #dependency: Dependency | undefined;

  constructor(parts: FutureParts<T>) {
    this.settled = parts.settled;
    this.#identity = parts.identity();
    this.#runId = parts.runId();
    [this.#dependency] = parts.dependencies();
  }

  ended(): boolean {
    return true;
  }

  identity(): string {
    return this.#identity;
  }

  dependencies(): readonly Dependency[] {
    return this.#dependency === undefined ? [] : [this.#dependency];
  }

  runId(): RunId | undefined {
    return this.#runId;
  }

  observe(): void {
    // There is no failure that somebody could have looked at.
  }

  cancel(): void {
    // There is nothing left to stop.
  }

  waiting<W>(work: Promise<W>): Promise<W> {
    return work;
  }

  selfWait(): undefined {
    return undefined;
  }
}

/** The future itself. */
export class FutureOfTask<T> implements PromiseLike<T> {
  readonly [ONE] = true;
  #parts: FutureParts<T>;
  #result: ObservedPromise<T> | undefined;

  constructor(parts: FutureParts<T>) {
    this.#parts = parts;
  }

  get parts(): FutureParts<T> {
    return this.#parts;
  }

  /** The work has completed: from now on the future keeps nothing of it but what it gave. */
  letGo(): void {
    this.#parts = new CompletedParts(this.#parts);
  }

  get runId(): RunId | undefined {
    return this.parts.runId();
  }

  result(): Promise<T> {
    const { parts } = this;
    const error = parts.selfWait();
    if (error !== undefined) return ObservedPromise.watch(Promise.reject(error), undefined);
    this.#result ??= this.#watched(parts);
    return this.#result;
  }

  /** Watched by the future, not by what it is of: that is let go of once it has completed. */
  #watched(parts: FutureParts<T>): ObservedPromise<T> {
    const { settled } = parts;
    const work = parts.waiting(settled);
    return work === settled
      ? ObservedPromise.of(settled, this)
      : ObservedPromise.watch(work.then(valueOf), this);
  }

  /** Somebody looks at its failure. */
  observe(): void {
    this.parts.observe();
  }

  outcome(): Promise<Outcome<T>> {
    const { parts } = this;
    const error = parts.selfWait();
    if (error !== undefined) return ObservedPromise.watch(Promise.reject(error), undefined);
    parts.observe();
    return parts.waiting(parts.settled);
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a future is awaited like a promise
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.result().then(onFulfilled, onRejected);
  }

  cancel(reason?: string): void {
    this.parts.cancel(reason);
  }

  toJSON(): string {
    return `TaskFuture(${this.parts.identity()})`;
  }
}

/** The value of a good outcome; throws the error of any other. */
export function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw outcome.error;
}

/** Whether a value is a future of one task, of this copy of the package or another. */
export function isFuture(value: unknown): value is FutureOfTask<unknown> {
  return typeof value === 'object' && value !== null && ONE in value;
}
