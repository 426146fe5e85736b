import { attemptOver } from '../../errors/errors.ts';
import type { EpochMs, PausedState } from '../../model/state.ts';
import type { AccountsWatcher } from '../accounts.ts';
import { Cancellation } from '../cancellation.ts';
import type { Scope } from '../scope.ts';
import { Parking } from './parking.ts';

/** One thing that the code of an attempt waits for: a time, or an input, perhaps until a time. */
export interface Awaited {
  readonly until?: EpochMs;
  readonly input?: string;
}

/** How waits are shown: the earliest time at which one of them ends by itself, and the inputs. */
function shownAs(waits: Iterable<Awaited>): Omit<PausedState, 'type'> {
  const all = [...waits];
  const until = Math.min(...all.map((wait) => wait.until ?? Infinity));
  const inputs = [...new Set(all.flatMap(({ input }) => input ?? []))];
  const [input] = inputs;
  return {
    name: input === undefined ? 'Sleeping' : 'Paused',
    ...(until === Infinity ? {} : { until }),
    ...(input === undefined ? {} : { input }),
    ...(inputs.length > 1 ? { inputs } : {}),
  };
}

function isShown(state: PausedState, view: Omit<PausedState, 'type'>): boolean {
  return (
    state.until === view.until &&
    state.input === view.input &&
    String(state.inputs) === String(view.inputs)
  );
}

/**
 * What the code of one attempt waits for that is no work of its run. While it does, and nothing it has started is under
 * way, the run is PAUSED; a top-level one then gives its lease back. It is RUNNING again before the code goes on.
 */
export class Pauses implements AccountsWatcher {
  readonly #scope: Scope;
  /** What is waited for, and what ends it early. */
  readonly #waits = new Map<Awaited, Cancellation>();
  /** The errors with which the code was told that an input was not given in time. */
  readonly gaveUp = new WeakSet<Error>();
  #processes = 0;
  #looking = false;

  constructor(scope: Scope) {
    this.#scope = scope;
    scope.accounts.watch(this);
  }

  /**
   * Waits, and shows the run as paused meanwhile.
   *
   * @param within what the code that waits is stopped by
   * @param work ends, by a throw, when the cancellation that it is given is aborted
   * @throws why the attempt, or the group around the call, was told to stop; that the attempt has ended; `LEASE_LOST` where
   *   another process went on with it
   */
  async during<T>(
    wait: Awaited,
    within: Cancellation,
    work: (cancellation: Cancellation) => Promise<T>,
  ): Promise<T> {
    const cancellation = new Cancellation(within);
    this.#waits.set(wait, cancellation);
    this.#lookSoon();
    const ended = await work(cancellation).then(
      (value) => ({ ok: true as const, value }),
      (error: unknown) => ({ ok: false as const, error }),
    );
    this.#waits.delete(wait);
    cancellation.end();
    await this.#goOn();
    const { reason } = cancellation;
    if (reason !== undefined) {
      if (reason === this.#scope.execution.stopped) this.#scope.noteInterrupted();
      throw reason;
    }
    if (!ended.ok) throw ended.error;
    return ended.value;
  }

  /** The code has started a task or a flow: it no longer only waits. */
  workStarted(): void {
    const { handle, execution } = this.#scope;
    if (handle.state.type !== 'PAUSED' || execution.abandoned !== undefined) return;
    handle.stage({ type: 'resume' });
    // A failure to write it is met again by the next write.
    handle.commit().catch(() => undefined);
  }

  /** Everything that was started has ended. */
  workEnded(): void {
    this.#lookSoon();
  }

  /** A child process of the attempt runs, until the function given back is called. */
  processStarted(): () => void {
    this.#processes++;
    this.workStarted();
    return () => {
      this.#processes--;
      this.#lookSoon();
    };
  }

  /** The attempt is over: what still waits is given up. */
  close(): void {
    const reason = attemptOver(this.#scope.run.name);
    for (const cancellation of this.#waits.values()) cancellation.abort(reason);
  }

  async #goOn(): Promise<void> {
    const { handle, execution, closed } = this.#scope;
    if (closed !== undefined || execution.abandoned !== undefined) return;
    if (handle.state.type === 'PAUSED') handle.stage({ type: 'resume' });
    this.#lookSoon();
    await handle.commit();
  }

  /** Whether the code does nothing but wait, as far as can be known. */
  get #idle(): boolean {
    const { execution, accounts, cancellation, closed } = this.#scope;
    const underWay = accounts.working || this.#processes > 0;
    const told = closed ?? cancellation.reason ?? execution.abandoned;
    return this.#waits.size > 0 && !underWay && told === undefined;
  }

  /** Code that was given an answer goes on within this turn of the event loop, if it goes on by itself. */
  #lookSoon(): void {
    if (this.#looking || this.#waits.size === 0) return;
    this.#looking = true;
    setImmediate(() => {
      this.#looking = false;
      // A failure to write halts the execution, which tells everybody.
      this.#look().catch(() => undefined);
    });
  }

  async #look(): Promise<void> {
    if (!this.#idle) return;
    const { handle, execution } = this.#scope;
    const { state } = handle;
    const view = shownAs(this.#waits.keys());
    if (state.type !== 'RUNNING' && state.type !== 'PAUSED') return;
    if (state.type === 'RUNNING' || !isShown(state, view)) {
      if (state.type === 'PAUSED') handle.stage({ type: 'resume' });
      this.#scope.flushProgress();
      handle.stage({ type: 'pause', ...view });
      await handle.commit();
    }
    if (handle.run.id !== execution.rootId) return;
    await execution.hooks.returned();
    if (!this.#idle || handle.state.type !== 'PAUSED') return;
    execution.parking ??= new Parking(execution, handle);
    execution.parking.leave(() => this.#lookSoon());
  }
}
