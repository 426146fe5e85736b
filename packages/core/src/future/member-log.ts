import type { FutureOfTask } from './task-future.ts';

/** A member of a list, boxed: a bare future would be awaited by whatever iterates asynchronously. */
export interface Member<T> {
  readonly future: FutureOfTask<T>;
}

/** A place in the list: empty at its end. */
interface Link<T> {
  future: FutureOfTask<T> | undefined;
  next: Link<T> | undefined;
}

/**
 * The members of a list, appended as they start. The log holds on to none of them: whoever reads holds those from its
 * place on, so that a list that is read once is let go of as it is read.
 */
export class MemberLog<T> {
  #last: Link<T> = { future: undefined, next: undefined };
  #ended: { readonly error?: unknown } | undefined;
  #waiting: (() => void)[] = [];

  append(future: FutureOfTask<T>): void {
    const link = this.#last;
    this.#last = { future: undefined, next: undefined };
    link.future = future;
    link.next = this.#last;
    this.#wake();
  }

  /** No more members follow; with an error when the items could not be read to their end. */
  end(failure: { readonly error?: unknown } = {}): void {
    this.#ended ??= failure;
    this.#wake();
  }

  /** Whether no more members follow. */
  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** The members from the next one on, for any number of readers. */
  fromHere(): AsyncIterable<Member<T>> {
    const first = this.#last;
    return { [Symbol.asyncIterator]: () => new MemberReader(this, first) };
  }

  /**
   * Resolves when a member or the end follows a place.
   *
   * @returns false at the end
   * @throws what kept the items from being read to their end
   */
  async follows(link: Link<T>): Promise<boolean> {
    while (link.next === undefined) {
      if (this.#ended !== undefined) {
        if ('error' in this.#ended) throw this.#ended.error;
        return false;
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return true;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

/** A class, and no closure over the place where it began: that would hold all members. */
class MemberReader<T> implements AsyncIterator<Member<T>> {
  readonly #log: MemberLog<T>;
  #at: Link<T>;

  constructor(log: MemberLog<T>, first: Link<T>) {
    this.#log = log;
    this.#at = first;
  }

  async next(): Promise<IteratorResult<Member<T>>> {
    if (this.#at.next === undefined && !(await this.#log.follows(this.#at))) {
      return { done: true, value: undefined };
    }
    const { future, next } = this.#at;
    this.#at = next as Link<T>;
    return { done: false, value: { future: future as FutureOfTask<T> } };
  }
}
