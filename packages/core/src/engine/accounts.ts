import type { Outcome } from '../model/outcome.ts';

/** Something that code has started, and has to account for. */
export interface Accountable {
  /** What people know it by. */
  readonly name: string;
  /** Never rejects. */
  readonly settled: Promise<Outcome<unknown>>;
  /** How many runs ended otherwise than well, of those it stands for. Valid once it has settled. */
  readonly failedRuns: number;
  /** Whether somebody looked at how it ended. */
  readonly observed: boolean;
  readonly error: Error | undefined;
  /** What it has started itself, where it is a stretch of the same code: that alone is no work. */
  readonly accounts?: Accounts;
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
  /** Who waits for all of it to have ended. */
  #joining: (() => void)[] | undefined;
  #failed = 0;
  /** Work under way, also within stretches of the same code. */
  #working = 0;
  /** Of the stretch around this one. */
  #around: Accounts | undefined;
  #watcher: AccountsWatcher | undefined;

  /** Tells one watcher from now on. */
  watch(watcher: AccountsWatcher): void {
    this.#watcher = watcher;
  }

  /** Takes something in, until it has settled. */
  adopt(child: Accountable): void {
    this.take(child);
    void child.settled.then((outcome) => this.ended(child, outcome));
  }

  /** Takes something in that tells by itself when it has {@link ended}. */
  take({ accounts }: Accountable): void {
    this.#open++;
    if (accounts === undefined) this.#work(1);
    else accounts.#standIn(this);
  }

  /** What was taken in has ended. */
  ended(child: Accountable, outcome: Outcome<unknown>): void {
    this.#failed += child.failedRuns;
    if (!outcome.ok) this.#noteFailure(child, outcome.state);
    this.#open--;
    if (this.#open === 0) this.#allEnded();
    if (child.accounts === undefined) this.#work(-1);
  }

  #standIn(around: Accounts): void {
    this.#around = around;
    if (this.#working > 0) around.#work(this.#working);
  }

  #work(change: number): void {
    this.#working += change;
    if (change > 0) this.#watcher?.workStarted();
    else if (this.#working === 0) this.#watcher?.workEnded();
    if (this.#around !== undefined) this.#around.#work(change);
  }

  #allEnded(): void {
    const joining = this.#joining ?? [];
    this.#joining = undefined;
    for (const go of joining) go();
  }

  #noteFailure(child: Accountable, state: string): void {
    // What was cancelled or skipped did not fail by itself: its cause accounts for it.
    if (state === 'CANCELLED' || state === 'SKIPPED') return;
    this.#failures ??= [];
    this.#failures.push(child);
  }

  /** Whether something has not ended. */
  get busy(): boolean {
    return this.#open > 0;
  }

  /** Whether work is under way, also within stretches of the same code; such a stretch alone is none. */
  get working(): boolean {
    return this.#working > 0;
  }

  /** Resolves when everything has ended, also what is started meanwhile. */
  async join(): Promise<void> {
    while (this.#open > 0) {
      await new Promise<void>((resolve) => {
        this.#joining ??= [];
        this.#joining.push(resolve);
      });
    }
  }

  /** What failed and nobody looked at. Valid after the join. */
  unobserved(): readonly Accountable[] {
    return this.#failures?.filter((child) => !child.observed) ?? [];
  }

  /** Counts something as work under way until it has ended, and gives what it gave. */
  async workOn<T>(work: Promise<T>): Promise<T> {
    this.#work(1);
    try {
      return await work;
    } finally {
      this.#work(-1);
    }
  }

  /** How many runs ended otherwise than well. */
  get failed(): number {
    return this.#failed;
  }
}
