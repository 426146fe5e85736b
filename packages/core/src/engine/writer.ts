import type { Durability, RunStore, Write, WriteOutcome } from '../store/run-store.ts';
import { commitSpans, withinCommitSpan } from './spans.ts';
import { EventLoopShare } from './event-loop.ts';

/** Who has given a write, and is told once what became of it. Throws nothing. */
export interface Writing {
  /** The store has answered. */
  written(outcome: WriteOutcome): void;
  /** The store threw this: none of the writes of the commit were applied, as far as it knows. */
  unwritten(error: unknown): void;
}

/** Writes that go into one commit, and who has given each. */
interface Batch {
  readonly writes: Write[];
  readonly givers: Writing[];
  durability: Durability;
  /** The one that was begun when this one was full. */
  next: Batch | undefined;
}

/** Stands for the commit before the first. */
const DONE = Promise.resolve();

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
  /** The commit of the last batch, however it ends: the next one waits for it. */
  #last = DONE;
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
  write(write: Write, durability: Durability): Promise<WriteOutcome> {
    return new Promise((written, unwritten) => {
      this.queue(write, durability, { written, unwritten });
    });
  }

  /** Queues a write, and tells who gave it what became of it: all of a commit in one go, in their order. */
  queue(write: Write, durability: Durability, giver: Writing): void {
    this.#given++;
    const filling = this.#filling;
    // Encoding a batch takes time on this thread: a large one goes in parts.
    if (filling === undefined || filling.writes.length === LARGEST_COMMIT) {
      const batch: Batch = { writes: [write], givers: [giver], durability, next: undefined };
      if (filling !== undefined) filling.next = batch;
      this.#filling = batch;
      this.#last = this.#commit(batch, this.#last);
      return;
    }
    filling.writes.push(write);
    filling.givers.push(giver);
    if (durability === 'machine') filling.durability = durability;
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
  async #commit(batch: Batch, before: Promise<void>): Promise<void> {
    await before;
    if (this.#turn !== undefined) await this.#turn;
    if (this.#filling === batch) this.#filling = undefined;
    // Beside the commit: a store that takes longer than a turn is not kept waiting for it.
    this.#turn = this.#share.due ? this.#share.turn() : undefined;
    const { givers, next } = batch;
    try {
      const answer = this.#give(batch);
      // Nothing can be added to it any more: what there is to do about it is done beside this one.
      if (next?.writes.length === LARGEST_COMMIT) this.#store.prepare?.(next.writes);
      const outcomes = await answer;
      this.#noteAnswer(givers.length);
      for (let at = 0; at < givers.length; at++) {
        (givers[at] as Writing).written(outcomes[at] as WriteOutcome);
      }
    } catch (error) {
      this.#noteAnswer(givers.length);
      for (const giver of givers) giver.unwritten(error);
    }
  }

  #noteAnswer(writes: number): void {
    this.#answered += writes;
    if (this.#marks.length > 0) this.#pass();
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
