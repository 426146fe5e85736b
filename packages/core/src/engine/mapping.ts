import type { Definition } from '../definition/definition.ts';
import { cancelled } from '../errors/errors.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { FutureListOfTasks, isFutureList } from '../future/future-list.ts';
import { MemberLog, type Member } from '../future/member-log.ts';
import { isFuture, valueOf, type FutureOfTask } from '../future/task-future.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Accountable } from './accounts.ts';
import { Cancellation } from './cancellation.ts';
import { ChildRun } from './child-run.ts';
import { currentGroup } from './group.ts';
import { hashArguments } from './identity.ts';
import { failed } from './outcomes.ts';
import { codeWaits, type Scope } from './scope.ts';
import { unquoted } from './search.ts';
import { stretchIn, type Stretch } from './stretch.ts';

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

/**
 * The reading of the items of one `map`: pulls an item when a slot is free, and starts its member. It holds on to
 * members only until they have completed; those that have are held by who reads the list.
 */
class Mapping implements Accountable {
  readonly definition: Definition;
  /** The reading of items is no run. */
  readonly failedRuns = 0;
  readonly identity: string;
  readonly settled: Promise<Outcome<unknown>>;
  readonly #scope: Scope;
  readonly #stretch: Stretch;
  readonly #group = currentGroup();
  readonly #call: MapCall;
  readonly #log = new MemberLog<unknown>();
  /** Under way, or ended otherwise than well. */
  readonly #kept = new Set<ChildRun>();
  #open = 0;
  readonly #cancellation: Cancellation;
  #free: number;
  #slotFreed = (): void => undefined;
  #interrupt = (): void => undefined;
  #observed = false;
  #itemsObserved = false;
  #error: Error | undefined;

  constructor(scope: Scope, definition: Definition, call: MapCall) {
    this.#scope = scope;
    this.#stretch = stretchIn(scope);
    this.definition = definition;
    this.#call = call;
    this.#free = definition.concurrency;
    this.#cancellation = new Cancellation(this.#stretch.cancellation);
    this.identity = this.#identity();
    this.settled = this.#read().then(
      (): Outcome<unknown> => this.#end(),
      (error: unknown): Outcome<unknown> => this.#end(error as Error),
    );
  }

  get name(): string {
    return this.definition.name;
  }

  /** The members to come, for any number of readers. */
  members(): AsyncIterable<Member<unknown>> {
    return this.#log.fromHere();
  }

  /** Whether all items were read, and all members have settled. */
  get ended(): boolean {
    return this.#log.ended && this.#open === 0;
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
        ? hashArguments(unquoted([items, ...rest]), resources)
        : undefined;
    return hash === undefined
      ? `${name}[]#${this.#scope.ordinal(name, 'map')}`
      : `${name}[${hash}]`;
  }

  // Fields, so that who holds one of these holds no list.
  readonly observe = (): void => {
    this.#observed = true;
    for (const child of this.#kept) child.observe();
  };

  readonly selfWait = (): Error | undefined => {
    for (const child of this.#kept) {
      const error = child.selfWait();
      if (error !== undefined) return error;
    }
    return undefined;
  };

  readonly observeItems = (): void => {
    this.#itemsObserved = true;
  };

  readonly cancel = (reason = 'its list was cancelled'): void => {
    for (const child of this.#kept) child.cancel(reason);
    this.#cancellation.abort(cancelled(`'${this.definition.name}'.map()`, reason));
  };

  async #read(): Promise<void> {
    const { items } = this.#call;
    const source = isFuture(items) ? await this.#givenBy(items) : items;
    const iterator = iteratorOf(this.definition, source);
    this.#cancellation.onAbort(() => {
      this.#slotFreed();
      this.#interrupt();
    });
    if (await this.#pump(iterator)) return;
    // A source that is busy with an item answers only then: nobody waits for it.
    Promise.resolve(iterator.return?.()).catch(() => undefined);
    // A list that was cancelled by itself ends with the members it has; else so does what started it.
    const { reason } = this.#stretch.cancellation;
    if (reason !== undefined) throw reason;
  }

  /** The value of a future, which this looks at; the code that maps does not wait for it. */
  async #givenBy({ parts }: FutureOfTask<unknown>): Promise<unknown> {
    const error = parts.selfWait();
    if (error !== undefined) throw error;
    parts.observe();
    return valueOf(await parts.settled);
  }

  /** Starts a member an item; false when it was told to stop before the items had ended. */
  async #pump(iterator: Items): Promise<boolean> {
    for (;;) {
      await this.#slot();
      if (this.#group !== undefined) await this.#group.room(this.#cancellation);
      if (this.#cancellation.reason !== undefined) return false;
      const pulled = iterator.next();
      const next = 'then' in pulled ? await this.#unlessStopped(pulled) : pulled;
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

  /** Not `Promise.race`: what it is given besides would remember every item. */
  #unlessStopped<T>(pulled: Promise<T>): Promise<T | typeof STOPPED> {
    return new Promise((resolve, reject) => {
      this.#interrupt = () => resolve(STOPPED);
      pulled.then(resolve, reject);
    });
  }

  #start(item: unknown): void {
    const args = this.#call.toArguments(item);
    const child = ChildRun.start(this.#scope, this.definition, args);
    if (this.#observed) child.observe();
    this.#kept.add(child);
    this.#free--;
    this.#open++;
    void child.settled.then(({ ok }) => {
      if (ok) this.#kept.delete(child);
      this.#free++;
      this.#open--;
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

function listOf(mapping: Mapping): FutureListOfTasks<unknown> {
  const members = mapping.members();
  return new FutureListOfTasks({
    members: () => members,
    ended: () => mapping.ended,
    identity: () => mapping.identity,
    observe: mapping.observe,
    observeItems: mapping.observeItems,
    cancel: mapping.cancel,
    waiting: codeWaits,
    selfWait: mapping.selfWait,
  });
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
  const stretch = stretchIn(scope);
  stretch.assertOpen(definition.name);
  if (!isFuture(call.items) && !canIterate(call.items)) throw notIterable(definition, call.items);
  const mapping = new Mapping(scope, definition, call);
  const list = listOf(mapping);
  stretch.accounts.adopt(mapping);
  return list;
}
