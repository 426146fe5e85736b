import type { RunStore } from '../store/run-store.ts';

/** At which commit the process dies, from 1, and whether that commit still reaches the store. */
export interface CrashPoint {
  readonly commit: number;
  readonly moment: 'before' | 'after';
}

/** A run store of a process that dies: from then on no call ever comes back. */
export interface CrashingRunStore extends RunStore {
  /** Resolves when the process has died. */
  readonly died: Promise<void>;
  /** How many commits were made. */
  readonly commits: number;
}

const forever = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** What reaches the inner store while the process is alive. */
const PASSED_ON = [
  ...(['run', 'runs', 'history', 'below', 'recorded', 'pendingHooks', 'children'] as const),
  ...(['openRuns', 'acquireLease', 'renewLeases', 'releaseLeases', 'logs', 'artifacts'] as const),
  ...(['cached', 'inputs', 'schedules', 'acquirePermits', 'renewPermits'] as const),
  ...(['releasePermits', 'permits', 'prune', 'check', 'claim', 'claimed', 'watch'] as const),
] as const;

type Call = (...args: unknown[]) => Promise<unknown>;

/**
 * Gives a store to a process that dies at a commit: just before it is applied, or just after, when nobody has
 * been told. What the process would do afterwards does not come about, as after SIGKILL. The inner store
 * counts as durable: another process finds in it what this one left.
 */
export function crashingRunStore(inner: RunStore, at: CrashPoint | undefined): CrashingRunStore {
  let commits = 0;
  let dead = false;
  let die = (): void => undefined;
  const died = new Promise<void>((resolve) => (die = resolve));
  const alive = <A extends unknown[], T>(
    call: (...args: A) => Promise<T>,
  ): ((...args: A) => Promise<T>) => {
    return async (...args) => (dead ? forever<T>() : call.apply(inner, args));
  };
  const passedOn = Object.fromEntries(PASSED_ON.map((call) => [call, alive(inner[call] as Call)]));
  return {
    adapter: inner.adapter,
    durable: true,
    died,
    get commits() {
      return commits;
    },
    open: alive(inner.open),
    // Several processes share the inner store: none of them closes it.
    close: async () => undefined,
    commit: async (writes, durability) => {
      if (dead) return forever();
      commits++;
      const now = at !== undefined && commits >= at.commit;
      if (now) dead = true;
      if (now && at.moment === 'before') {
        die();
        return forever();
      }
      const outcomes = await inner.commit(writes, durability);
      if (!now) return outcomes;
      die();
      return forever();
    },
    ...(passedOn as Pick<RunStore, (typeof PASSED_ON)[number]>),
  };
}
