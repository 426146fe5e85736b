import type { Watchers } from '@holdfast/core';

/** How often a file is asked whether another process has written to it, in milliseconds. */
const EVERY = 100;

/**
 * Wakes those who watch a store when another process has committed something to its file: SQLite tells that there was a
 * commit, not what it was about. Asks only while somebody watches.
 */
export class ChangePoll {
  readonly #changes: () => Promise<unknown>;
  readonly #watchers: Watchers;
  #seen: unknown;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** @param changes gives another number after every commit of another connection */
  constructor(changes: () => Promise<unknown>, watchers: Watchers) {
    this.#changes = changes;
    this.#watchers = watchers;
  }

  /**
   * From when it resolves on, no commit of another process is missed.
   *
   * @throws what the store throws that cannot be asked
   */
  async start(): Promise<void> {
    const seen = await this.#changes();
    if (this.#timer !== undefined || this.#stopped) return;
    this.#seen = seen;
    this.#arm();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #arm(): void {
    this.#timer = setTimeout(() => void this.#look(), EVERY).unref();
  }

  async #look(): Promise<void> {
    if (this.#watchers.size === 0) {
      this.#timer = undefined;
      return;
    }
    try {
      const changes = await this.#changes();
      if (changes !== this.#seen) this.#watchers.all();
      this.#seen = changes;
    } catch {
      // The store cannot be read: those who wait look by themselves, and are told why.
    }
    if (!this.#stopped) this.#arm();
  }
}
