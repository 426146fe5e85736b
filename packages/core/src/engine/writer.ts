import type { Durability, RunStore, Write, WriteOutcome } from '../store/run-store.ts';
import { commitSpans, withinCommitSpan } from './spans.ts';
import { EventLoopShare } from './event-loop.ts';

/** Writes that go into one commit, and its outcomes, in their order. */
interface Batch {
  readonly writes: Write[];
  durability: Durability;
  outcomes: Promise<readonly WriteOutcome[]>;
}

/** Stands for the outcomes of a batch that is being made, and for the commit before the first. */
const NONE: Promise<readonly WriteOutcome[]> = Promise.resolve([]);

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
  readonly #share = new EventLoopShare();
  /** The last batch, while its commit has not begun: it takes more writes until it is full. */
  #filling: Batch | undefined;
  /** The outcomes of the last batch: the next one waits for them. */
  #last = NONE;
  /** The turn that the event loop gets before the next commit. */
  #turn: Promise<void> | undefined;
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
    this.#given++;
    const { writes, outcomes } = this.#batchFor(write, durability);
    return { outcomes, at: writes.length - 1 };
  }

  #batchFor(write: Write, durability: Durability): Batch {
    const filling = this.#filling;
    // Encoding a batch takes time on this thread: a large one goes in parts.
    if (filling === undefined || filling.writes.length === LARGEST_COMMIT) {
      const batch: Batch = { writes: [write], durability, outcomes: NONE };
      batch.outcomes = this.#commit(batch, this.#last);
      this.#filling = batch;
      this.#last = batch.outcomes;
      return batch;
    }
    filling.writes.push(write);
    if (durability === 'machine') filling.durability = durability;
    return filling;
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
    while (this.#answered < this.#given)
      await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** Commits a batch when its turn has come. What is written until then goes with it. */
  async #commit(
    batch: Batch,
    before: Promise<readonly WriteOutcome[]>,
  ): Promise<readonly WriteOutcome[]> {
    try {
      await before;
    } catch {
      // Those whose writes it had were told.
    }
    if (this.#turn !== undefined) await this.#turn;
    if (this.#filling === batch) this.#filling = undefined;
    // Beside the commit: a store that takes longer than a turn is not kept waiting for it.
    this.#turn = this.#share.due ? this.#share.turn() : undefined;
    try {
      return await this.#give(batch);
    } finally {
      this.#answered += batch.writes.length;
      if (this.#marks.length > 0) this.#pass();
    }
  }

  #give({ writes, durability }: Batch): Promise<readonly WriteOutcome[]> {
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
