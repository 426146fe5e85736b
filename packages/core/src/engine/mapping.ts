import type { Definition } from '../definition/definition.ts';
import { secretsInOpen } from '../definition/secret-args.ts';
import { cancelled } from '../errors/errors.ts';
import { FutureListOfTasks, isFutureList } from '../future/future-list.ts';
import { MemberLog, type Member } from '../future/member-log.ts';
import { isFuture, valueOf, type FutureOfTask } from '../future/task-future.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Accountable } from './accounts.ts';
import { callOf, isRemembered } from './call.ts';
import { Cancellation } from './cancellation.ts';
import { Chain, Held } from './chain.ts';
import { ChildRun } from './child-run.ts';
import { currentGroup } from './group.ts';
import { hashArguments } from './identity.ts';
import { alwaysAnswers, canIterate, iteratorOf, notIterable, type Items } from './items.ts';
import { failed, failedForGood } from './outcomes.ts';
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

const STOPPED = Symbol('stopped');
const MEMBER_FAILED = 'a member of its list failed';

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
  readonly #kept = new Chain<Held<ChildRun>>();
  #open = 0;
  readonly #cancellation: Cancellation;
  #free: number;
  #answers = false;
  #slotFreed = (): void => undefined;
  #interrupt = (): void => undefined;
  /** A member failed before a crash: those that were started before it are told of again, and no others started. */
  #retelling = false;
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
      (known || items instanceof Set || items instanceof Map) && !this.#secretsInOpen(items)
        ? hashArguments(unquoted([items, ...rest]), resources)
        : undefined;
    return hash === undefined
      ? `${name}[]#${this.#scope.ordinal(name, 'map')}`
      : `${name}[${hash}]`;
  }

  /** Whether a value stands where a secret's reference belongs: its member will be refused, and it is not hashed. */
  #secretsInOpen(items: unknown): boolean {
    const { definition } = this;
    if (definition.secretArgs === undefined || isFuture(items) || isFutureList(items)) return false;
    return Array.from(items as Iterable<unknown>, this.#call.toArguments).some(
      (args) => Array.isArray(args) && secretsInOpen(definition, args) !== undefined,
    );
  }

  // Fields, so that who holds one of these holds no list.
  readonly observe = (): void => {
    this.#observed = true;
    for (const { value } of this.#kept.members) value.observe();
  };

  readonly selfWait = (): Error | undefined => {
    for (const { value: child } of this.#kept.members) {
      const error = child.selfWait();
      if (error !== undefined) return error;
    }
    return undefined;
  };

  readonly observeItems = (): void => {
    this.#itemsObserved = true;
  };

  readonly cancel = (reason = 'its list was cancelled'): void => {
    for (const { value } of this.#kept.members) value.cancel(reason);
    this.#cancellation.abort(cancelled(`'${this.definition.name}'.map()`, reason));
  };

  async #read(): Promise<void> {
    const { items } = this.#call;
    const source = isFuture(items) ? await this.#givenBy(items) : items;
    const iterator = iteratorOf(this.definition, source);
    this.#answers = alwaysAnswers(source as object);
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
        if (this.#retells && !(await this.#mayStart(next.value))) return this.#stopAtFailure();
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

  /** Whether members that an earlier process has started may give again how they ended, and with that stop the list. */
  get #retells(): boolean {
    const { execution, run } = this.#scope;
    return this.definition.stopOnFailure && execution.remembered.has(run.id);
  }

  /** Whether an item's member is started: one that was before, or any other while no failure of before is told again. */
  async #mayStart(item: unknown): Promise<boolean> {
    const args = this.#call.toArguments(item);
    if (isRemembered(callOf(this.#scope, this.definition, args))) return true;
    for (const { value } of this.#kept.members) if (value.replayed) await value.settled;
    return !this.#retelling && this.#cancellation.reason === undefined;
  }

  /** Starts nothing more. Always false, as what the pump says then. */
  #stopAtFailure(): false {
    this.#cancellation.abort(cancelled(`'${this.definition.name}'.map()`, MEMBER_FAILED));
    return false;
  }

  #memberFailed(child: ChildRun): void {
    for (const { value } of this.#kept.members) value.cancel(MEMBER_FAILED);
    // What had become of the members before a crash is what they give again, whatever the pace of the reading.
    if (child.replayed && this.#answers) this.#retelling = true;
    else this.#stopAtFailure();
  }

  #start(item: unknown): void {
    const args = this.#call.toArguments(item);
    const child = ChildRun.start(this.#scope, this.definition, args);
    if (this.#observed) child.observe();
    if (this.#retelling) child.cancel(MEMBER_FAILED);
    const kept = new Held(child);
    this.#kept.add(kept);
    this.#free--;
    this.#open++;
    void child.settled.then((outcome) => {
      if (outcome.ok) this.#kept.remove(kept);
      else if (this.definition.stopOnFailure && failedForGood(outcome)) this.#memberFailed(child);
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
    stopsOnFailure: mapping.definition.stopOnFailure,
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
