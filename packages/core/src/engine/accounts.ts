import type { Outcome } from '../model/outcome.ts';

/** Something that code has started, and has to account for. */
export interface Accountable {
  readonly definition: { readonly name: string };
  /** Whether it is a run of its own; the reading of a `map`'s items is none. */
  readonly isRun: boolean;
  /** Never rejects. */
  readonly settled: Promise<Outcome<unknown>>;
  /** Whether somebody looked at how it ended. */
  readonly observed: boolean;
  readonly error: Error | undefined;
}

/** Who wants to know whether something is under way. */
export interface AccountsWatcher {
  workStarted(): void;
  /** Everything has ended. */
  workEnded(): void;
}

/** What a stretch of code has started: it ends only when all of that has, and owes somebody a look at what failed. */
export class Accounts {
  /** What failed by itself. Made with the first: most start nothing, or nothing that fails. */
  #failures: Accountable[] | undefined;
  /** What has not ended. */
  #open = 0;
  #idle: (() => void) | undefined;
  #failed = 0;
  #watcher: AccountsWatcher | undefined;

  /** Tells one watcher from now on. */
  watch(watcher: AccountsWatcher): void {
    this.#watcher = watcher;
  }

  /** Takes something in. */
  adopt(child: Accountable): void {
    this.#open++;
    this.#watcher?.workStarted();
    void child.settled.then((outcome) => {
      if (!outcome.ok) this.#noteFailure(child, outcome.state);
      this.#open--;
      if (this.#open > 0) return;
      this.#idle?.();
      this.#watcher?.workEnded();
    });
  }

  #noteFailure(child: Accountable, state: string): void {
    if (child.isRun) this.#failed++;
    // What was cancelled or skipped did not fail by itself: its cause accounts for it.
    if (state === 'CANCELLED' || state === 'SKIPPED') return;
    this.#failures ??= [];
    this.#failures.push(child);
  }

  /** Whether something has not ended. */
  get busy(): boolean {
    return this.#open > 0;
  }

  /** Resolves when everything has ended, also what is started meanwhile. */
  async join(): Promise<void> {
    while (this.#open > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
  }

  /** What failed and nobody looked at. Valid after the join. */
  unobserved(): readonly Accountable[] {
    return this.#failures?.filter((child) => !child.observed) ?? [];
  }

  /** Counts runs that ended otherwise than well without having been taken in here. */
  noteFailed(count: number): void {
    this.#failed += count;
  }

  /** How many runs ended otherwise than well. */
  get failed(): number {
    return this.#failed;
  }
}
