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
    run: alive(inner.run),
    runs: alive(inner.runs),
    history: alive(inner.history),
    below: alive(inner.below),
    recorded: alive(inner.recorded),
    pendingHooks: alive(inner.pendingHooks),
    children: alive(inner.children),
    openRuns: alive(inner.openRuns),
    acquireLease: alive(inner.acquireLease),
    renewLeases: alive(inner.renewLeases),
    releaseLeases: alive(inner.releaseLeases),
  };
}
