import { HoldfastError } from '../errors/holdfast-error.ts';
import type { RunId } from '../model/ids.ts';
import type { RunStore, Write } from '../store/run-store.ts';

/** The calls of a run store that can be made to fail. */
export type FaultyCall = Exclude<keyof RunStore, 'adapter' | 'durable'>;

/** What goes wrong, and when. */
export interface RunStoreFault {
  /** The method; absent: any of them, counted together. `open` and `close` only when named. */
  readonly call?: FaultyCall;
  /** Which call of it, from 1. */
  readonly nth: number;
  /** For how many calls from that one on. Default 1. */
  readonly times?: number;
  /**
   * - `fails`: it rejects, and nothing was applied;
   * - `loses-answer`: it is applied, and then rejects all the same;
   * - `waits`: it is not passed on before {@link FaultyRunStore.release}; commits after it wait behind it;
   * - `loses-lease`: only for `commit`: before it is passed on, another holder takes over the leases
   *   under which it writes.
   */
  readonly does: 'fails' | 'loses-answer' | 'waits' | 'loses-lease';
  /** What it rejects with. Default `STORE_UNAVAILABLE`. */
  readonly error?: Error;
}

/** A run store with a script of faults. */
export interface FaultyRunStore extends RunStore {
  /** How often a method was called so far. */
  calls(call: FaultyCall): number;
  /** Resolves when a call of this method begins to wait; at once if one does. */
  waiting(call: FaultyCall): Promise<void>;
  /** Lets every waiting call go on. */
  release(): void;
}

/** Who holds a lease that a script took away. */
export const THIEF = 'thief/1/1';

const CALLS: readonly FaultyCall[] = [
  ...(['open', 'close', 'commit', 'run', 'runs', 'history', 'below', 'recorded'] as const),
  ...(['pendingHooks', 'children', 'openRuns', 'acquireLease', 'renewLeases'] as const),
  ...(['releaseLeases', 'logs', 'artifacts', 'cached', 'inputs', 'schedules'] as const),
  ...(['acquirePermits', 'renewPermits', 'releasePermits', 'permits', 'prune', 'check'] as const),
  ...(['claim', 'claimed', 'watch'] as const),
];

type AnyCall = (...parameters: readonly unknown[]) => Promise<unknown>;

/**
 * A run store that misbehaves by script, around one that does not. Faults name calls by number, so a
 * test meets them at the same place each time; nothing depends on time.
 *
 * @example
 * const store = faultyRunStore(memoryRunStore(), [{ call: 'commit', nth: 3, does: 'loses-answer' }]);
 */
export function faultyRunStore(inner: RunStore, faults: readonly RunStoreFault[]): FaultyRunStore {
  const script = new Script(inner, faults);
  const double: Record<string, unknown> = {
    adapter: inner.adapter,
    durable: inner.durable,
    calls: (call: FaultyCall) => script.calls(call),
    waiting: (call: FaultyCall) => script.waiting(call),
    release: () => script.release(),
  };
  for (const call of CALLS) {
    const passOn = (inner[call] as AnyCall).bind(inner);
    double[call] = (...parameters: readonly unknown[]) =>
      script.play(call, () => passOn(...parameters), parameters);
  }
  return double as unknown as FaultyRunStore;
}

class Script {
  readonly #inner: RunStore;
  readonly #faults: readonly RunStoreFault[];
  readonly #counts = new Map<FaultyCall, number>();
  readonly #watchers = new Map<FaultyCall, (() => void)[]>();
  readonly #held = new Map<FaultyCall, number>();
  #any = 0;
  #gate: PromiseWithResolvers | undefined;
  /** The commit before; undefined when the next may start at once. */
  #commits: Promise<unknown> | undefined;

  constructor(inner: RunStore, faults: readonly RunStoreFault[]) {
    this.#inner = inner;
    this.#faults = faults;
  }

  calls(call: FaultyCall): number {
    return this.#counts.get(call) ?? 0;
  }

  waiting(call: FaultyCall): Promise<void> {
    if ((this.#held.get(call) ?? 0) > 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#watchers.set(call, [...(this.#watchers.get(call) ?? []), resolve]);
    });
  }

  release(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
    this.#held.clear();
  }

  play(
    call: FaultyCall,
    passOn: () => Promise<unknown>,
    parameters: readonly unknown[],
  ): Promise<unknown> {
    const fault = this.#next(call);
    const act = (): Promise<unknown> => this.#act(call, fault, passOn, parameters);
    if (call !== 'commit') return act();
    const before = this.#commits;
    if (before === undefined && fault === undefined) return act();
    const played = before === undefined ? act() : before.then(act);
    const settled = played.then(
      () => undefined,
      () => undefined,
    );
    this.#commits = settled;
    void settled.then(() => {
      if (this.#commits === settled) this.#commits = undefined;
    });
    return played;
  }

  #next(call: FaultyCall): RunStoreFault | undefined {
    const nth = this.calls(call) + 1;
    this.#counts.set(call, nth);
    if (call !== 'open' && call !== 'close') this.#any++;
    const any = call === 'open' || call === 'close' ? 0 : this.#any;
    return this.#faults.find((fault) => {
      const at = fault.call === undefined ? any : fault.call === call ? nth : 0;
      return at >= fault.nth && at < fault.nth + (fault.times ?? 1);
    });
  }

  async #act(
    call: FaultyCall,
    fault: RunStoreFault | undefined,
    passOn: () => Promise<unknown>,
    parameters: readonly unknown[],
  ): Promise<unknown> {
    if (fault?.does === 'fails') throw fault.error ?? unavailable(call, 'was not applied');
    if (fault?.does === 'waits') await this.#wait(call);
    if (fault?.does === 'loses-lease') {
      await this.#takeLeases(parameters[0] as readonly Write[]);
    }
    const answer = await passOn();
    if (fault?.does === 'loses-answer') throw fault.error ?? unavailable(call, 'was applied');
    return answer;
  }

  #wait(call: FaultyCall): Promise<void> {
    this.#gate ??= promiseWithResolvers();
    this.#held.set(call, (this.#held.get(call) ?? 0) + 1);
    for (const watcher of this.#watchers.get(call) ?? []) watcher();
    this.#watchers.delete(call);
    return this.#gate.promise;
  }

  /** Takes each lease as if its holder had been seen dead. */
  async #takeLeases(writes: readonly Write[]): Promise<void> {
    const fenced = writes.flatMap((write) =>
      'fence' in write && write.fence !== undefined ? [write.fence.rootId] : [],
    );
    for (const rootId of new Set<RunId>(fenced)) {
      const asked = { rootId, holder: THIEF, ttl: 60_000 };
      const { lease } = await this.#inner.acquireLease({ ...asked, now: 0 });
      if (lease.holder === THIEF) continue;
      await this.#inner.acquireLease({ ...asked, now: lease.expiresAt, deadLease: lease });
    }
  }
}

interface PromiseWithResolvers {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

function promiseWithResolvers(): PromiseWithResolvers {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}

function unavailable(call: FaultyCall, what: string): HoldfastError {
  return new HoldfastError('STORE_UNAVAILABLE', `The script made this ${call} fail; it ${what}`, {
    retryable: true,
  });
}
