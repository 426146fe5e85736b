import type { RunId } from '../model/ids.ts';
import { isTerminal } from '../model/state.ts';
import { claimableFrom } from './claimable.ts';
import type { StopWatching, WatchTerms } from './claims.ts';
import type { Write } from './run-store.ts';

interface Watcher {
  readonly queues: ReadonlySet<string>;
  readonly runs: ReadonlySet<RunId>;
  readonly wake: () => void;
}

/** Who waits for news of a run store in this process: what an adapter needs for `watch`. */
export class Watchers {
  readonly #watchers = new Set<Watcher>();

  /** How many there are: without any nothing need be looked for. */
  get size(): number {
    return this.#watchers.size;
  }

  /** Wakes somebody from now on, until what it gives is called. */
  add({ queues = [], runs = [] }: WatchTerms, wake: () => void): StopWatching {
    const watcher = { queues: new Set(queues), runs: new Set(runs), wake };
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
    };
  }

  /** These were committed: wakes whom that concerns. */
  committed(writes: readonly Write[]): void {
    if (this.#watchers.size === 0) return;
    for (const write of writes) {
      // Which queue it is about, if any, is not said: this is rare.
      if (write.kind === 'cancel-request') this.all();
      if (write.kind !== 'run') continue;
      const { id, queue, state } = write.run;
      const ended = isTerminal(state);
      const claimable = queue !== undefined && claimableFrom(write.run) !== undefined;
      if (!ended && !claimable) continue;
      for (const watcher of this.#watchers) {
        if ((ended && watcher.runs.has(id)) || (claimable && watcher.queues.has(queue))) {
          this.#wake(watcher);
        }
      }
    }
  }

  /** There may be news of this queue. */
  queue(name: string): void {
    for (const watcher of this.#watchers) if (watcher.queues.has(name)) this.#wake(watcher);
  }

  /** This run has ended. */
  ended(id: RunId): void {
    for (const watcher of this.#watchers) if (watcher.runs.has(id)) this.#wake(watcher);
  }

  /** There may be news of everything. */
  all(): void {
    for (const watcher of this.#watchers) this.#wake(watcher);
  }

  /** Forgets them all. */
  clear(): void {
    this.#watchers.clear();
  }

  /** In a turn of its own, once: nobody is woken in the midst of a commit, or after it has stopped. */
  #wake(watcher: Watcher): void {
    queueMicrotask(() => {
      if (this.#watchers.has(watcher)) watcher.wake();
    });
  }
}
