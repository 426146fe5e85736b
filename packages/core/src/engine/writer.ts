import type { Durability, RunStore, Write, WriteOutcome } from '../store/run-store.ts';
import { commitSpans, withinCommitSpan } from './spans.ts';
import { EventLoopShare } from './event-loop.ts';

/** The store threw: none of the writes of the commit were applied, as far as it knows. */
export class Unwritten {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** Tells who has given a write what became of it: once, and in a turn of promises of its own. */
type Giver = (told: WriteOutcome | Unwritten) => void;

/** Writes that go into one commit, and who has given each. */
interface Batch {
  readonly writes: Write[];
  readonly givers: Giver[];
  durability: Durability;
  /** The one that was begun when this one was full. */
  next: Batch | undefined;
}

const NOW = Promise.resolve();

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
  /** The batch that is committed next, and the last one, which takes more writes until it is full. */
  #first: Batch | undefined;
  #filling: Batch | undefined;
  #underWay: Batch | undefined;
  /** The next commit is about to begin. */
  #due = false;
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
    const told = await this.queue(write, durability);
    if (told instanceof Unwritten) throw told.error;
    return told;
  }

  /** As {@link write}, but never rejects. */
  queue(write: Write, durability: Durability): Promise<WriteOutcome | Unwritten> {
    return new Promise((giver) => this.#add(write, durability, giver));
  }

  #add(write: Write, durability: Durability, giver: Giver): void {
    this.#given++;
    const filling = this.#filling;
    // Encoding a batch takes time on this thread: a large one goes in parts.
    if (filling === undefined || filling.writes.length === LARGEST_COMMIT) {
      const batch: Batch = { writes: [write], givers: [giver], durability, next: undefined };
      if (filling === undefined) this.#first = batch;
      else filling.next = batch;
      this.#filling = batch;
      this.#commitSoon();
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

  /** Not at once: what is written meanwhile goes with it. */
  #commitSoon(): void {
    if (this.#due || this.#underWay !== undefined || this.#first === undefined) return;
    this.#due = true;
    void (this.#turn ?? NOW).then(this.#commitNext);
  }

  // Fields, and no function that waits: a task in sequence with others has two commits of its own.
  readonly #commitNext = (): void => {
    const batch = this.#first as Batch;
    this.#due = false;
    this.#underWay = batch;
    this.#first = batch.next;
    if (this.#filling === batch) this.#filling = undefined;
    // Beside the commit: a store that takes longer than a turn is not kept waiting for it.
    this.#turn = this.#share.due ? this.#share.turn() : undefined;
    this.#give(batch).then(this.#answer, this.#refuse);
    // Nothing can be added to it any more: what there is to do about it is done beside this one.
    if (batch.next?.writes.length === LARGEST_COMMIT) this.#store.prepare?.(batch.next.writes);
  };

  readonly #answer = (outcomes: readonly WriteOutcome[]): void => {
    const givers = this.#takeGivers();
    for (let at = 0; at < givers.length; at++) {
      (givers[at] as Giver)(outcomes[at] as WriteOutcome);
    }
    this.#commitSoon();
  };

  readonly #refuse = (error: unknown): void => {
    const unwritten = new Unwritten(error);
    for (const giver of this.#takeGivers()) giver(unwritten);
    this.#commitSoon();
  };

  /** The commit under way is over. */
  #takeGivers(): readonly Giver[] {
    const { givers } = this.#underWay as Batch;
    this.#underWay = undefined;
    this.#noteAnswer(givers.length);
    return givers;
  }

  #noteAnswer(writes: number): void {
    this.#answered += writes;
    if (this.#marks.length > 0) this.#pass();
  }

  #give({ writes, durability }: Batch): Promise<readonly WriteOutcome[]> {
    const store = this.#store;
    try {
      return commitSpans.hasSubscribers
        ? withinCommitSpan(store, writes.length, durability, () => store.commit(writes, durability))
        : store.commit(writes, durability);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #pass(): void {
    const passed = this.#marks.filter(({ at }) => at <= this.#answered);
    this.#marks = this.#marks.filter(({ at }) => at > this.#answered);
    for (const { reached } of passed) reached();
  }
}
