import type { Definition } from '../definition/definition.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { FutureListOfTasks, isFutureList } from '../future/future-list.ts';
import { MemberLog } from '../future/member-log.ts';
import { isFuture } from '../future/task-future.ts';
import type { Outcome } from '../model/outcome.ts';
import { ChildRun } from './child-run.ts';
import { hashArguments } from './identity.ts';
import type { Accountable, Scope } from './scope.ts';

/** Which arguments each item becomes. */
type ToArguments = (item: unknown) => readonly unknown[];

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

function iteratorOf(
  definition: Definition,
  items: unknown,
): Iterator<unknown> | AsyncIterator<unknown> {
  if (typeof items === 'object' && items !== null) {
    if (isFutureList(items)) return membersOf(items);
    if (Symbol.asyncIterator in items) {
      return (items as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    }
    if (Symbol.iterator in items) return (items as Iterable<unknown>)[Symbol.iterator]();
  }
  throw notIterable(definition, items);
}

/** The reading of the items of one `map`: pulls an item when a slot is free, and starts its member. */
class Mapping implements Accountable {
  readonly definition: Definition;
  readonly settled: Promise<Outcome<unknown>>;
  readonly list: FutureListOfTasks<unknown>;
  readonly #scope: Scope;
  readonly #toArguments: ToArguments;
  readonly #log = new MemberLog<unknown>();
  #free: number;
  #slotFreed = (): void => undefined;
  #observed = false;
  #cancelled: string | undefined;
  #error: Error | undefined;

  constructor(scope: Scope, definition: Definition, items: unknown, toArguments: ToArguments) {
    this.#scope = scope;
    this.definition = definition;
    this.#toArguments = toArguments;
    this.#free = definition.concurrency;
    const ordinal = scope.ordinal(`map ${definition.name}`);
    let identity: string | undefined;
    this.list = new FutureListOfTasks({
      members: () => this.#log,
      identity: () => (identity ??= this.#identity(items, ordinal)),
      observe: () => this.#observe(),
      cancel: (reason = 'the list was cancelled') => this.#cancel(reason),
    });
    this.settled = this.#read(items).then(
      (): Outcome<unknown> => ({ ok: true, value: undefined, state: 'COMPLETED' }),
      (error: unknown): Outcome<unknown> => {
        this.#error = error as Error;
        return { ok: false, error: this.#error, state: 'FAILED' };
      },
    );
  }

  /** Whether somebody looked at the list as a whole. */
  get observed(): boolean {
    return this.#observed;
  }

  /** Set when the items could not be read to their end. */
  get error(): Error | undefined {
    return this.#error;
  }

  #identity(items: unknown, ordinal: number): string {
    const { name } = this.definition;
    if (isFutureList(items) || isFuture(items)) return `${name}[${items.parts.identity()}]`;
    const { resources } = this.#scope.execution.engine;
    const hash = Array.isArray(items) ? hashArguments(items, resources) : undefined;
    return hash === undefined ? `${name}[]#${ordinal}` : `${name}[${hash}]`;
  }

  #observe(): void {
    this.#observed = true;
    for (const member of this.#log.started) member.parts.observe();
  }

  #cancel(reason: string): void {
    this.#cancelled = reason;
    for (const member of this.#log.started) member.cancel(reason);
    this.#slotFreed();
  }

  async #read(items: unknown): Promise<void> {
    let iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined;
    try {
      const source = isFuture(items) ? await items.result() : items;
      iterator = iteratorOf(this.definition, source);
      await this.#pump(iterator);
      this.#log.end();
    } catch (error) {
      this.#log.end({ error });
      throw error;
    } finally {
      await iterator?.return?.();
    }
  }

  async #pump(iterator: Iterator<unknown> | AsyncIterator<unknown>): Promise<void> {
    for (;;) {
      await this.#slot();
      const { reason } = this.#scope.cancellation;
      if (reason !== undefined) throw reason;
      if (this.#cancelled !== undefined) return;
      const next = await iterator.next();
      if (next.done === true) return;
      this.#start(next.value);
    }
  }

  #start(item: unknown): void {
    const child = ChildRun.start(this.#scope, this.definition, this.#toArguments(item));
    if (this.#observed) child.future.parts.observe();
    this.#free--;
    void child.settled.then(() => {
      this.#free++;
      this.#slotFreed();
    });
    this.#log.append(child.future);
  }

  async #slot(): Promise<void> {
    while (this.#free === 0 && this.#cancelled === undefined) {
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
  items: unknown,
  toArguments: ToArguments,
): FutureListOfTasks<unknown> {
  scope.assertOpen(definition.name);
  if (typeof items !== 'object' || items === null) throw notIterable(definition, items);
  const mapping = new Mapping(scope, definition, items, toArguments);
  scope.adopt(mapping);
  return mapping.list;
}
