import type { Durability, RunStore, Write, WriteOutcome } from '../store/run-store.ts';
import { commitSpans, withinCommitSpan } from './spans.ts';
import { EventLoopShare } from './event-loop.ts';

/** Writes that go into one commit, and its outcomes, in their order. */
interface Batch {
  readonly writes: Write[];
  durability: Durability;
  readonly outcomes: PromiseWithResolvers<readonly WriteOutcome[]>;
}

/** A write that waits for its commit: what becomes of it stands at its place among the outcomes of that. */
export interface QueuedWrite {
  /** Rejects with what the store threw: then none of the writes of the commit were applied. */
  readonly outcomes: Promise<readonly WriteOutcome[]>;
  readonly at: number;
}

/** The most writes in one commit. */
const LARGEST_COMMIT = 250;

/**
 * The one writer of an engine. Commits are grouped: what has queued up while a commit runs forms the next
 * one; there is no timer. Writes are applied in the order in which they were given. With a commit the event loop gets
 * a turn where the last one is some milliseconds ago, so that no store, however fast, keeps the host from its work.
 */
export class Writer {
  readonly #store: RunStore;
  /** Batches that wait, the last one of which takes more writes until it is full. */
  readonly #queue: Batch[] = [];
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
  async write(write: Write, durability: Durability): Promise<WriteOutcome> {
    const { outcomes, at } = this.queue(write, durability);
    return (await outcomes)[at] as WriteOutcome;
  }

  /** Queues a write. Whoever does this looks at how the commit ends. */
  queue(write: Write, durability: Durability): QueuedWrite {
    const { writes, outcomes } = this.#batchFor(write, durability);
    this.#given++;
    if (!this.#committing) {
      this.#committing = true;
      void this.#drain();
    }
    return { outcomes: outcomes.promise, at: writes.length - 1 };
  }

  #batchFor(write: Write, durability: Durability): Batch {
    const last = this.#queue.at(-1);
    // Encoding a batch takes time on this thread: a large one goes in parts.
    if (last === undefined || last.writes.length === LARGEST_COMMIT) {
      const outcomes = Promise.withResolvers<readonly WriteOutcome[]>();
      const batch: Batch = { writes: [write], durability, outcomes };
      this.#queue.push(batch);
      return batch;
    }
    last.writes.push(write);
    if (durability === 'machine') last.durability = durability;
    return last;
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
    // What is written in the same turn goes into the same commit.
    await Promise.resolve();
    for (let batch = this.#queue.shift(); batch !== undefined; batch = this.#queue.shift()) {
      // Beside the commit: a store that takes longer than a turn is not kept waiting for it.
      const turn = this.#share.due ? this.#share.turn() : undefined;
      const { writes, outcomes } = batch;
      try {
        outcomes.resolve(await this.#commit(batch));
      } catch (error) {
        outcomes.reject(error);
      }
      this.#answered += writes.length;
      if (this.#marks.length > 0) this.#pass();
      if (turn !== undefined) await turn;
    }
    this.#committing = false;
  }

  #commit({ writes, durability }: Batch): Promise<readonly WriteOutcome[]> {
    const store = this.#store;
    return commitSpans.hasSubscribers
      ? withinCommitSpan(store, writes.length, durability, () => store.commit(writes, durability))
      : store.commit(writes, durability);
  }

  #pass(): void {
    const passed = this.#marks.filter(({ at }) => at <= this.#answered);
    this.#marks = this.#marks.filter(({ at }) => at > this.#answered);
    for (const { reached } of passed) reached();
  }
}
