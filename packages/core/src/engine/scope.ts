import { AsyncLocalStorage } from 'node:async_hooks';
import type { Definition, Loose } from '../definition/definition.ts';
import { attemptOver, nameReused, runEnded } from '../errors/errors.ts';
import type { Bound } from '../model/bounds.ts';
import type { Run } from '../model/run.ts';
import { Accounts } from './accounts.ts';
import type { Admission } from './admission/admission.ts';
import { Cancellation } from './cancellation.ts';
import type { ChildRun } from './child-run.ts';
import type { Execution } from './execution.ts';
import { artifactKeeper, type ArtifactKeeper } from './notes/artifact-keeper.ts';
import type { Performance } from './performance.ts';
import type { RunHandle } from './run-handle.ts';
import type { Stretch } from './stretch.ts';
import { Pauses } from './waiting/pauses.ts';

interface KnownCalls {
  readonly ordinals: Map<string, Map<string, number>>;
  readonly functions: Map<string, Loose>;
  readonly byKey: Map<string, ChildRun>;
}

/** One attempt of a run while its function executes: what it has started, and whether it may start more. */
export class Scope implements Stretch {
  readonly execution: Execution;
  readonly handle: RunHandle;
  readonly definition: Definition;
  readonly cancellation: Cancellation;
  /** The flow run whose code this is, or which has started the task that this code is of. */
  readonly flow: RunHandle | undefined;
  /** When the time of the run is over; undefined where nothing bounds it. */
  readonly bound: Bound | undefined;
  /** What children are told apart by: made with the first one, since most attempts start nothing. */
  #known: KnownCalls | undefined;
  /** Made when first asked for, since most attempts start nothing. */
  #accounts: Accounts | undefined;
  #closed = false;
  #interrupted = false;
  /** What the attempt had to pass; undefined for most. */
  readonly #admission: Admission | undefined;
  #waits = 0;
  #artifacts: ArtifactKeeper | undefined;
  #tryName: string | undefined;
  #pauses: Pauses | undefined;

  constructor(run: Performance, admission?: Admission) {
    const { execution, handle, definition, cancellation, flow, bound } = run;
    this.execution = execution;
    this.handle = handle;
    this.definition = definition;
    this.flow = definition.kind === 'flow' ? handle : flow;
    this.cancellation = new Cancellation(cancellation);
    this.bound = bound;
    this.#admission = admission;
  }

  get run(): Run {
    return this.handle.run;
  }

  /** What this attempt has started. */
  get accounts(): Accounts {
    this.#accounts ??= new Accounts();
    return this.#accounts;
  }

  /** Whether there is something to account for. */
  get accountable(): boolean {
    return this.#accounts !== undefined;
  }

  /** What keeps the artifacts of the run: made for the first one. */
  get artifacts(): ArtifactKeeper {
    this.#artifacts ??= artifactKeeper(this.execution, this.handle);
    return this.#artifacts;
  }

  /** Names this try of the run: `generation.attempt`. */
  get tryName(): string {
    // One text for all that the attempt starts, and keeps.
    this.#tryName ??= `${this.run.generation}.${this.run.attempts}`;
    return this.#tryName;
  }

  /** How many calls of a name with the same hash of arguments this attempt has made. */
  callsBefore(name: string, hash: string): number {
    return this.#known?.ordinals.get(name)?.get(hash) ?? 0;
  }

  /** How many calls of a name with the same hash of arguments this attempt has made before, and counts this one. */
  ordinal(name: string, hash: string): number {
    const { ordinals } = this.#calls;
    let counts = ordinals.get(name);
    if (counts === undefined) ordinals.set(name, (counts = new Map()));
    const count = counts.get(hash) ?? 0;
    counts.set(hash, count + 1);
    return count;
  }

  get #calls(): KnownCalls {
    this.#known ??= { ordinals: new Map(), functions: new Map(), byKey: new Map() };
    return this.#known;
  }

  /** The child that has an author's key in this attempt. */
  childWithKey(name: string, key: string): ChildRun | undefined {
    return this.#known?.byKey.get(`${name}|${key}`);
  }

  noteKey(name: string, key: string, child: ChildRun): void {
    this.#calls.byKey.set(`${name}|${key}`, child);
  }

  /** What had this key no longer stands for it. */
  forgetKey(name: string, key: string): void {
    this.#known?.byKey.delete(`${name}|${key}`);
  }

  /**
   * Waits for something that is no work of this run: a child, a time, an input. What it holds of limits is given
   * back meanwhile, and taken again before this resolves. Several waits at once count as one.
   */
  waiting<T>(work: Promise<T>): Promise<T> {
    return this.#admission === undefined ? work : this.#outside(work, this.#admission);
  }

  async #outside<T>(work: Promise<T>, admission: Admission): Promise<T> {
    if (this.#waits++ === 0) await admission.suspend();
    try {
      return await work;
    } finally {
      if (--this.#waits === 0) await admission.resume(this.cancellation);
    }
  }

  /** What its code waits for that is no work of the run: times, and inputs from outside. */
  get pauses(): Pauses {
    this.#pauses ??= new Pauses(this);
    return this.#pauses;
  }

  /** Waits for the last thing, once its function has returned: what it holds of limits is given back for good. */
  rest<T>(work: Promise<T>): Promise<T> {
    if (this.#admission === undefined) return work;
    const suspended = this.#waits++ === 0 ? this.#admission.suspend() : undefined;
    return Promise.resolve(suspended).then(() => work);
  }

  /** Whether this is the error of a pause of this attempt whose time was over. */
  gaveUp(error: unknown): error is Error {
    return this.#pauses?.gaveUp.has(error as Error) ?? false;
  }

  /** Whether new work may start; throws why not. */
  assertOpen(what: string): void {
    const { halted, stopped } = this.execution;
    if (halted !== undefined) throw halted;
    if (stopped !== undefined) {
      // Whatever the code makes of this error is no outcome: it goes on from here after the recovery.
      this.#interrupted = true;
      throw stopped;
    }
    if (this.#closed) throw runEnded(what, this.run.name);
  }

  /**
   * Refuses two functions under one name: their runs could be told apart only by the order of the calls. The same
   * function on another instance, or a closure made anew from the same text, is no other.
   *
   * @throws `NAME_REUSED`
   */
  assertSameFunction({ kind, name, fn }: Definition): void {
    const { functions } = this.#calls;
    const of = kind === 'task' ? name : `flow\0${name}`;
    const known = functions.get(of);
    if (known === undefined) functions.set(of, fn);
    else if (known !== fn && String(known) !== String(fn))
      throw nameReused(kind, name, this.run.name);
  }

  /** Whether anything was started at all. */
  get started(): boolean {
    return this.#known !== undefined;
  }

  /** Something below was interrupted because the engine stops. */
  get interrupted(): boolean {
    return this.#interrupted;
  }

  noteInterrupted(): void {
    this.#interrupted = true;
  }

  /** Writes how far the run has come, where that waits to be written: its code does nothing more for a while, or at all. */
  flushProgress(): void {
    this.#artifacts?.flush();
  }

  /** The attempt is over: nothing can be started any more. */
  close(): void {
    this.#closed = true;
    this.flushProgress();
    this.cancellation.end();
    this.#pauses?.close();
  }

  /** Set when the attempt is over. */
  get closed(): Error | undefined {
    return this.#closed ? attemptOver(this.run.name) : undefined;
  }
}

/** Where code executes: in which attempt, and in which regions of it. */
interface Place {
  readonly scope: Scope;
  readonly regions: ReadonlyMap<Region<unknown>, unknown> | undefined;
}

const current = new AsyncLocalStorage<Place>();

/** The attempt whose code is executing, if any. */
export function currentScope(): Scope | undefined {
  return current.getStore()?.scope;
}

/** Waits for something on behalf of the code that executes now, whose run holds nothing of limits meanwhile. */
export function codeWaits<T>(work: Promise<T>): Promise<T> {
  return currentScope()?.waiting(work) ?? work;
}

/** Executes a function as the code of an attempt, in no region. */
export function inScope<A extends readonly unknown[], T>(
  scope: Scope,
  fn: (...args: A) => T,
  ...args: A
): T {
  return current.run({ scope, regions: undefined }, fn, ...args);
}

/**
 * A kind of stretch within the code of an attempt, and what it means for the calls made there: a group, a
 * transaction. One within another of its kind hides it. What such calls start is in no region.
 */
export class Region<T> {
  /** What the innermost stretch of this kind around the executing code holds; undefined outside of any. */
  get value(): T | undefined {
    return current.getStore()?.regions?.get(this) as T | undefined;
  }

  /** Executes a function, and what it starts asynchronously, within a stretch of this kind. Outside of an attempt it is just called. */
  run<R>(value: T, fn: () => R): R {
    const place = current.getStore();
    if (place === undefined) return fn();
    const regions = new Map([...(place.regions ?? []), [this, value]]);
    return current.run({ scope: place.scope, regions }, fn);
  }
}

/** Executes a function as code of no run. */
export function outsideScope<T>(fn: () => T): T {
  return current.exit(fn);
}
