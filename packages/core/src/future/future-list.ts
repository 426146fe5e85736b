import type { Outcome } from '../model/outcome.ts';
import { ObservedPromise } from './observed-promise.ts';
import type { Member } from './member-log.ts';
import { allValues, valuesOfStopped } from './outcome-values.ts';

const LIST = Symbol.for('@holdfast/future-list');

/** What the engine knows of a list beyond its face. */
export interface ListParts<T> {
  /** Its members in order, as they are started; ends when the items do, throws when they could not be read. */
  readonly members: () => AsyncIterable<Member<T>>;
  /** Whether all items were read, and all members have settled. */
  readonly ended: () => boolean;
  readonly identity: () => string;
  /** Somebody looked at the failure of the list as a whole. */
  readonly observe: () => void;
  /** Somebody was told that the items could not be read to their end. */
  readonly observeItems: () => void;
  readonly cancel: (reason?: string) => void;
  /** The code that executes now waits for this work of its. */
  readonly waiting: <W>(work: Promise<W>) => Promise<W>;
  /** Whether it starts no more members once one has failed, and stops those under way. */
  readonly stopsOnFailure: boolean;
  /** Why the code that executes now would wait for ever for it: it is part of what has to end first. */
  readonly selfWait: () => Error | undefined;
}

/** Settles with an outcome, however the work ended: of a list as one value. */
export async function outcomesOf<T>(list: FutureListOfTasks<T>): Promise<Outcome<T>[]> {
  const settled: Promise<Outcome<T>>[] = [];
  for await (const { future } of list.parts.members()) settled.push(future.parts.settled);
  return Promise.all(settled);
}

// Generators of their own, and not methods: they hold on to no more of the list than they have yet to read.

type Waiting = ListParts<unknown>['waiting'];

async function* oneByOne<T>(
  members: AsyncIterator<Member<T>>,
  observeItems: () => void,
  waiting: Waiting,
): AsyncGenerator<T> {
  for (;;) {
    const next = await waiting(members.next()).catch((error: unknown) => {
      observeItems();
      throw error;
    });
    if (next.done === true) return;
    yield await next.value.future.result();
  }
}

async function* completed<T>(
  members: AsyncIterator<Member<T>>,
  observe: () => void,
  waiting: Waiting,
): AsyncGenerator<{ index: number; outcome: Outcome<T> }> {
  observe();
  const ready: { index: number; outcome: Outcome<T> }[] = [];
  let open = 0;
  let wake = (): void => undefined;
  let reading = true;
  let failed: { error: unknown } | undefined;
  const read = async (): Promise<void> => {
    let index = 0;
    for (let next = await members.next(); next.done !== true; next = await members.next()) {
      const at = index++;
      const { future } = next.value;
      open++;
      void future.parts.settled.then((outcome) => {
        open--;
        ready.push({ index: at, outcome });
        wake();
      });
    }
  };
  const reader = read()
    .catch((error: unknown) => {
      failed = { error };
    })
    .finally(() => {
      reading = false;
      wake();
    });
  while (reading || open > 0 || ready.length > 0) {
    const next = ready.shift();
    if (next !== undefined) yield next;
    else await waiting(new Promise<void>((resolve) => (wake = resolve)));
  }
  await reader;
  if (failed !== undefined) throw failed.error;
}

/** The list itself. */
export class FutureListOfTasks<T> implements PromiseLike<T[]> {
  readonly [LIST] = true;
  readonly parts: ListParts<T>;
  #result: ObservedPromise<T[]> | undefined;

  constructor(parts: ListParts<T>) {
    this.parts = parts;
  }

  result(): Promise<T[]> {
    const error = this.parts.selfWait();
    if (error !== undefined) return ObservedPromise.watch(Promise.reject(error), undefined);
    const { stopsOnFailure } = this.parts;
    this.#result ??= ObservedPromise.watch(
      this.#awaited().then((outcomes) =>
        stopsOnFailure ? valuesOfStopped(outcomes) : allValues(outcomes),
      ),
      this.parts,
    );
    return this.#result;
  }

  outcomes(): Promise<Outcome<T>[]> {
    const error = this.parts.selfWait();
    if (error !== undefined) return ObservedPromise.watch(Promise.reject(error), undefined);
    this.parts.observe();
    return ObservedPromise.watch(this.#awaited(), undefined);
  }

  #awaited(): Promise<Outcome<T>[]> {
    const outcomes = outcomesOf(this);
    return this.parts.ended() ? outcomes : this.parts.waiting(outcomes);
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a list of futures is awaited like a promise
  then<A = T[], B = never>(
    onFulfilled?: ((value: T[]) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.result().then(onFulfilled, onRejected);
  }

  [Symbol.asyncIterator](): AsyncGenerator<T> {
    const { parts } = this;
    const { observeItems, waiting } = parts;
    return oneByOne(parts.members()[Symbol.asyncIterator](), observeItems, waiting);
  }

  asCompleted(): AsyncGenerator<{ index: number; outcome: Outcome<T> }> {
    const { parts } = this;
    const error = parts.selfWait();
    if (error !== undefined) throw error;
    return completed(parts.members()[Symbol.asyncIterator](), parts.observe, parts.waiting);
  }

  cancel(reason?: string): void {
    this.parts.cancel(reason);
  }

  toJSON(): string {
    return `TaskFutureList(${this.parts.identity()})`;
  }
}

/** Whether a value is a list of futures, of this copy of the package or another. */
export function isFutureList(value: unknown): value is FutureListOfTasks<unknown> {
  return typeof value === 'object' && value !== null && LIST in value;
}
