import { checkGroup, type GroupOptions } from '../definition/group-options.ts';
import type { Resolved } from '../definition/input-types.ts';
import { parentFailed, runEnded } from '../errors/errors.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { ObservedPromise } from '../future/observed-promise.ts';
import { limitOfGroup } from '../model/limit-name.ts';
import type { Outcome } from '../model/outcome.ts';
import { errorOf } from '../serial/failure-codec.ts';
import { Accounts, type Accountable } from './accounts.ts';
import { Cancellation } from './cancellation.ts';
import { resolveReturned } from './inputs.ts';
import { failed } from './outcomes.ts';
import type { Performance } from './performance.ts';
import { currentScope, Region, type Scope } from './scope.ts';
import { Slots } from './slots.ts';
import { endOfStretch, inStretch, stretchIn, type Stretch, type StretchEnd } from './stretch.ts';
import { withUnobserved } from './unobserved.ts';

const GROUPS = new Region<Group>();

/** The innermost group around the executing code. */
export function currentGroup(): Group | undefined {
  return GROUPS.value;
}

/** A stretch of a run's code whose calls share a limit. */
export class Group implements Accountable, Stretch {
  readonly name: string;
  /** The names of the groups around its code and its own, outermost first. */
  readonly path: readonly string[];
  readonly accounts = new Accounts();
  readonly cancellation: Cancellation;
  readonly settled: Promise<Outcome<unknown>>;
  /** Resolves when its code and all that it has started have ended. */
  readonly ended: Promise<StretchEnd>;
  readonly #outer = currentGroup();
  readonly #around: Stretch;
  readonly #slots: Slots;
  /** It was told to stop before its code had ended. */
  #stopped = false;
  #closed = false;
  #observed = false;
  #error: Error | undefined;

  constructor(scope: Scope, name: string, concurrency: number, body: () => unknown) {
    this.#around = stretchIn(scope);
    this.#around.assertOpen(`group ${name}`);
    this.name = `group ${name}`;
    this.path = [...(this.#outer?.path ?? []), name];
    this.cancellation = new Cancellation(this.#around.cancellation);
    this.#slots = new Slots(concurrency);
    this.ended = this.#execute(scope, body);
    this.settled = this.ended.then((end) => this.#settle(end));
    this.#around.accounts.adopt(this);
  }

  get failedRuns(): number {
    return this.accounts.failed;
  }

  get observed(): boolean {
    return this.#observed;
  }

  get error(): Error | undefined {
    return this.#error;
  }

  observe(): void {
    this.#observed = true;
  }

  /** Whether calls may still be made in it; throws why not. */
  assertOpen(what: string): void {
    this.#around.assertOpen(what);
    if (this.#closed) throw runEnded(what, this.name);
  }

  async #execute(scope: Scope, body: () => unknown): Promise<StretchEnd> {
    const { execution, definition } = scope;
    const work = inStretch(this, () => GROUPS.run(this, () => this.#valueOf(scope, body)));
    const { cancellation } = this;
    const end = await endOfStretch(work, cancellation, execution.clock, definition.grace);
    this.#stopped = cancellation.reason !== undefined;
    if (end.kind === 'threw') cancellation.abort(parentFailed(this.name, end.error));
    if (this.accounts.busy) await scope.waiting(this.accounts.join());
    this.#closed = true;
    cancellation.end();
    return end.kind === 'cut' ? end : withUnobserved(this.name, this.accounts, end);
  }

  /** Executes the code, and gives what it returned with the futures in it resolved. */
  async #valueOf(scope: Scope, body: () => unknown): Promise<unknown> {
    const value = await body();
    const resolved = resolveReturned(value);
    return this.accounts.busy ? scope.waiting(resolved) : resolved;
  }

  #settle(end: StretchEnd): Outcome<unknown> {
    if (end.kind === 'returned') return { ok: true, value: end.value, state: 'COMPLETED' };
    this.#error = errorOf(end.kind === 'cut' ? end.reason : end.error);
    return failed(this.#stopped ? 'CANCELLED' : 'FAILED', this.#error);
  }

  /** The innermost group, this or one around it, that has no room for another call. */
  #full(): Group | undefined {
    if (!this.#slots.roomy) return this;
    return this.#outer === undefined ? undefined : this.#outer.#full();
  }

  /** Resolves when there is room for a call, which takes no place yet, or when told to stop. */
  async room(cancellation: Cancellation): Promise<void> {
    for (let full = this.#full(); full !== undefined; full = this.#full()) {
      if (cancellation.reason !== undefined) return;
      await full.#slots.change(cancellation);
    }
  }

  /** Executes a run once every group around its call has a place for it, which it keeps until it has ended. */
  async admit<T>(run: Performance, execute: () => Promise<T>): Promise<T> {
    if (!this.#slots.tryTake()) {
      showWaiting(run, this.path);
      // Told to stop: that is for the execution to tell.
      if (!(await this.#slots.take(run.cancellation))) return execute();
    }
    try {
      return await (this.#outer === undefined ? execute() : this.#outer.admit(run, execute));
    } finally {
      this.#slots.giveBack();
    }
  }
}

/** Shows a run that waits for a place. One that backs off, or was left by its process, is shown as that. */
function showWaiting({ execution, handle }: Performance, path: readonly string[]): void {
  // One with a queue waits for its place here, unseen by those who work on the queue.
  if (handle.state.type !== 'PENDING' || handle.run.queue !== undefined) return;
  const limits = [limitOfGroup(path)];
  handle.stage({ type: 'schedule', name: 'AwaitingSlot', dueAt: execution.clock.now(), limits });
  // A failure to write it halts the execution, and is met again by the next write.
  handle.commit().catch(() => undefined);
}

/**
 * Executes a stretch of a flow's or task's code as a group: the tasks and subflows that are called in it, directly, by
 * `submit` or by `map`, share its limit and end with it. Groups may stand in groups; a call needs a place in each.
 *
 * It ends when its code and everything that was called in it have ended, and gives what the code returned, with the
 * futures in it resolved. If its code throws, what it has called is cancelled and waited for. A failure that nobody
 * looked at is the group's. What the called tasks call themselves is not in the group.
 *
 * A call that waits for its place is SCHEDULED/AwaitingSlot; where no place is free, a `map` pulls no items.
 *
 * @throws what its code throws; `UNOBSERVED_FAILURE`; at once: `OPTIONS_INVALID`, `NO_RUN`, `RUN_ENDED`
 */
export function group<R>(name: string, options: GroupOptions, body: () => R): Promise<Resolved<R>> {
  const concurrency = checkGroup(name, options, body);
  const scope = currentScope();
  if (scope === undefined) {
    throw new HoldfastError('NO_RUN', `The group '${name}' was opened outside of a flow.`, {
      hint: 'Open it within a flow, which waits for all that is called in it.',
      retryable: false,
    });
  }
  const opened = new Group(scope, name, concurrency, body);
  const result = opened.ended.then((end) => {
    if (end.kind === 'returned') return end.value as Resolved<R>;
    throw end.kind === 'cut' ? end.reason : end.error;
  });
  return ObservedPromise.watch(result, opened);
}
