import type { Definition } from '../definition/definition.ts';
import { cancelled } from '../errors/errors.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { FutureListOfTasks, isFutureList } from '../future/future-list.ts';
import { MemberLog } from '../future/member-log.ts';
import { isFuture } from '../future/task-future.ts';
import type { Outcome } from '../model/outcome.ts';
import { Cancellation } from './cancellation.ts';
import { ChildRun } from './child-run.ts';
import { hashArguments } from './identity.ts';
import { failed } from './perform.ts';
import type { Accountable, Scope } from './scope.ts';

/** What is mapped over, and what each item becomes. */
export interface MapCall {
  readonly items: unknown;
  readonly toArguments: (item: unknown) => readonly unknown[];
  /** What every member is given beside its item. */
  readonly rest: readonly unknown[];
}

type Items = Iterator<unknown> | AsyncIterator<unknown>;

const STOPPED = Symbol('stopped');

function notIterable(definition: Definition, items: unknown): HoldfastError {
  const what = typeof items === 'string' ? 'a text' : typeof items;
  return new HoldfastError('MAP_NOT_ITERABLE', `'${definition.name}'.map() was given ${what}.`, {
    hint: 'Give an array, another iterable, an async iterable, or a future of one.',
    retryable: false,
  });
}

/** The members of another list as items: each is a future. */
function membersOf(list: FutureListOfTasks<unknown>): AsyncIterator<unknown> {
  const members = list.parts.members()[Symbol.asyncIterator]();
  return {
    next: async () => {
      const next = await members.next();
      return next.done === true ? next : { done: false, value: next.value.future };
    },
  };
}

function canIterate(items: unknown): items is object {
  return (
    typeof items === 'object' &&
    items !== null &&
    (isFutureList(items) || Symbol.asyncIterator in items || Symbol.iterator in items)
  );
}

function iteratorOf(definition: Definition, items: unknown): Items {
  if (!canIterate(items)) throw notIterable(definition, items);
  if (isFutureList(items)) return membersOf(items);
  return Symbol.asyncIterator in items
    ? (items as AsyncIterable<unknown>)[Symbol.asyncIterator]()
    : (items as Iterable<unknown>)[Symbol.iterator]();
}

/** The reading of the items of one `map`: pulls an item when a slot is free, and starts its member. */
class Mapping implements Accountable {
  readonly definition: Definition;
  readonly isRun = false;
  readonly settled: Promise<Outcome<unknown>>;
  readonly list: FutureListOfTasks<unknown>;
  readonly #scope: Scope;
  readonly #call: MapCall;
  readonly #log = new MemberLog<unknown>();
  readonly #cancellation: Cancellation;
  #free: number;
  #slotFreed = (): void => undefined;
  #observed = false;
  #itemsObserved = false;
  #error: Error | undefined;

  constructor(scope: Scope, definition: Definition, call: MapCall) {
    this.#scope = scope;
    this.definition = definition;
    this.#call = call;
    this.#free = definition.concurrency;
    this.#cancellation = new Cancellation(scope.cancellation);
    const identity = this.#identity();
    this.list = new FutureListOfTasks({
      members: () => this.#log,
      ended: () => this.#log.settled,
      identity: () => identity,
      observe: () => this.#observe(),
      observeItems: () => {
        this.#itemsObserved = true;
      },
      cancel: (reason = 'its list was cancelled') => this.#cancel(reason),
    });
    this.settled = this.#read().then(
      (): Outcome<unknown> => this.#end(),
      (error: unknown): Outcome<unknown> => this.#end(error as Error),
    );
  }

  /** Whether somebody looked at the list as a whole, or was told that its items could not be read. */
  get observed(): boolean {
    return this.#observed || this.#itemsObserved;
  }

  /** Set when the items could not be read to their end. */
  get error(): Error | undefined {
    return this.#error;
  }

  #end(error?: Error): Outcome<unknown> {
    const { reason } = this.#cancellation;
    this.#cancellation.end();
    this.#log.end(error === undefined ? {} : { error });
    if (error === undefined) return { ok: true, value: undefined, state: 'COMPLETED' };
    if (reason !== undefined) {
      if (reason === this.#scope.execution.stopped) this.#scope.noteInterrupted();
      return failed('CANCELLED', error);
    }
    this.#error = error;
    return failed('FAILED', error);
  }

  /** Stands for the list in the identity of what takes it as input. Only items that cannot be hashed count in order. */
  #identity(): string {
    const { name } = this.definition;
    const { items, rest } = this.#call;
    const { resources } = this.#scope.execution.engine;
    const known = isFutureList(items) || isFuture(items) || Array.isArray(items);
    const hash =
      known || items instanceof Set || items instanceof Map
        ? hashArguments([items, ...rest], resources)
        : undefined;
    return hash === undefined
      ? `${name}[]#${this.#scope.ordinal(`map|${name}`)}`
      : `${name}[${hash}]`;
  }

  #observe(): void {
    this.#observed = true;
    for (const member of this.#log.started) member.parts.observe();
  }

  #cancel(reason: string): void {
    for (const member of this.#log.started) member.cancel(reason);
    this.#cancellation.abort(cancelled(`'${this.definition.name}'.map()`, reason));
  }

  async #read(): Promise<void> {
    const { items } = this.#call;
    const source = isFuture(items) ? await items.result() : items;
    const iterator = iteratorOf(this.definition, source);
    const stopped = new Promise<typeof STOPPED>((resolve) => {
      this.#cancellation.onAbort(() => {
        this.#slotFreed();
        resolve(STOPPED);
      });
    });
    if (await this.#pump(iterator, stopped)) return;
    // A source that is busy with an item answers only then: nobody waits for it.
    Promise.resolve(iterator.return?.()).catch(() => undefined);
    // A list that was cancelled by itself ends with the members it has; else so does what started it.
    if (this.#scope.cancellation.reason !== undefined) throw this.#scope.cancellation.reason;
  }

  /** Starts a member an item; false when it was told to stop before the items had ended. */
  async #pump(iterator: Items, stopped: Promise<typeof STOPPED>): Promise<boolean> {
    for (;;) {
      await this.#slot();
      if (this.#cancellation.reason !== undefined) return false;
      const pulled = iterator.next();
      const next = 'then' in pulled ? await Promise.race([pulled, stopped]) : pulled;
      if (next === STOPPED) return false;
      if (next.done === true) return true;
      try {
        this.#start(next.value);
      } catch (error) {
        Promise.resolve(iterator.return?.()).catch(() => undefined);
        throw error;
      }
    }
  }

  #start(item: unknown): void {
    const child = ChildRun.start(this.#scope, this.definition, this.#call.toArguments(item));
    if (this.#observed) child.future.parts.observe();
    this.#free--;
    void child.settled.then(() => {
      this.#free++;
      this.#slotFreed();
    });
    this.#log.append(child.future);
  }

  async #slot(): Promise<void> {
    while (this.#free === 0 && this.#cancellation.reason === undefined) {
      await new Promise<void>((resolve) => (this.#slotFreed = resolve));
    }
  }
}

/**
 * Starts a task once for each item, as slots become free. Items are pulled one at a time, when they are
 * needed.
 *
 * @throws `MAP_NOT_ITERABLE`, `RUN_ENDED`
 */
export function startMapping(
  scope: Scope,
  definition: Definition,
  call: MapCall,
): FutureListOfTasks<unknown> {
  scope.assertOpen(definition.name);
  if (!isFuture(call.items) && !canIterate(call.items)) throw notIterable(definition, call.items);
  const mapping = new Mapping(scope, definition, call);
  scope.adopt(mapping);
  return mapping.list;
}
