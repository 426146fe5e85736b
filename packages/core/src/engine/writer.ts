import type { Durability, RunStore, Write, WriteOutcome } from '../store/run-store.ts';
import { commitSpans, withinCommitSpan } from './spans.ts';
import { EventLoopShare } from './event-loop.ts';

interface Waiting {
  readonly write: Write;
  readonly durability: Durability;
  resolve(outcome: WriteOutcome): void;
  reject(error: unknown): void;
}

/** The most writes in one commit. */
const LARGEST_COMMIT = 500;

/**
 * The one writer of an engine. Commits are grouped: what has queued up while a commit runs forms the next
 * one; there is no timer. Writes are applied in the order in which they were given. With a commit the event loop gets
 * a turn where the last one is some milliseconds ago, so that no store, however fast, keeps the host from its work.
 */
export class Writer {
  readonly #store: RunStore;
  readonly #queue: Waiting[] = [];
  readonly #share = new EventLoopShare();
  #committing = false;
  /** How many writes were given, and how many of them the store has answered. */
  #given = 0;
  #answered = 0;
  #marks: { readonly at: number; readonly reached: () => void }[] = [];

  constructor(store: RunStore) {
    this.#store = store;
  }

  /**
   * Queues a write; resolves when it is committed, with what became of it.
   *
   * @throws what the store threw: then this write, and all others of its commit, were not applied
   */
  write(write: Write, durability: Durability): Promise<WriteOutcome> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ write, durability, resolve, reject });
      this.#given++;
      if (this.#committing) return;
      this.#committing = true;
      // What is written in the same turn goes into the same commit.
      queueMicrotask(() => void this.#drain());
    });
  }

  /** Resolves when the store has answered every write that was given so far; later ones are not waited for. */
  async caughtUp(): Promise<void> {
    if (this.#answered === this.#given) return;
    await new Promise<void>((reached) => {
      this.#marks.push({ at: this.#given, reached });
    });
  }

  /** Resolves when nothing is queued or under way. */
  async idle(): Promise<void> {
    while (this.#committing) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      // Encoding a batch takes time on this thread: a large one goes in parts.
      const batch = this.#queue.splice(0, LARGEST_COMMIT);
      // Beside the commit: a store that takes longer than a turn is not kept waiting for it.
      const turn = this.#share.due ? this.#share.turn() : undefined;
      await this.#commit(batch);
      await turn;
    }
    this.#committing = false;
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    const durability = batch.some((each) => each.durability === 'machine') ? 'machine' : 'process';
    const writes = batch.map((waiting) => waiting.write);
    const store = this.#store;
    try {
      const outcomes = await (commitSpans.hasSubscribers
        ? withinCommitSpan(store, writes.length, durability, () => store.commit(writes, durability))
        : store.commit(writes, durability));
      for (const [at, waiting] of batch.entries()) waiting.resolve(outcomes[at] as WriteOutcome);
    } catch (error) {
      for (const waiting of batch) waiting.reject(error);
    }
    this.#answered += batch.length;
    if (this.#marks.length > 0) this.#pass();
  }

  #pass(): void {
    const passed = this.#marks.filter(({ at }) => at <= this.#answered);
    this.#marks = this.#marks.filter(({ at }) => at > this.#answered);
    for (const { reached } of passed) reached();
  }
}
