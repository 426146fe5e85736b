import type { FutureOfTask } from './task-future.ts';

/** A member of a list, boxed: a bare future would be awaited by whatever iterates asynchronously. */
export interface Member<T> {
  readonly future: FutureOfTask<T>;
}

/** The members of a list, appended as they start, read by any number of readers from the beginning. */
export class MemberLog<T> implements AsyncIterable<Member<T>> {
  readonly #members: FutureOfTask<T>[] = [];
  #ended: { readonly error?: unknown } | undefined;
  #waiting: (() => void)[] = [];

  append(member: FutureOfTask<T>): void {
    this.#members.push(member);
    this.#wake();
  }

  /** No more members follow; with an error when the items could not be read to their end. */
  end(failure: { readonly error?: unknown } = {}): void {
    this.#ended ??= failure;
    this.#wake();
  }

  /** Whether all items were read, and all members have settled. */
  get settled(): boolean {
    return this.#ended !== undefined && this.#members.every((member) => member.parts.ended());
  }

  /** The members started so far. */
  get started(): readonly FutureOfTask<T>[] {
    return this.#members;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  [Symbol.asyncIterator](): AsyncIterator<Member<T>> {
    let at = 0;
    return {
      next: async (): Promise<IteratorResult<Member<T>>> => {
        while (at >= this.#members.length) {
          if (this.#ended !== undefined) {
            if ('error' in this.#ended) throw this.#ended.error;
            return { done: true, value: undefined };
          }
          await new Promise<void>((resolve) => this.#waiting.push(resolve));
        }
        return { done: false, value: { future: this.#members[at++] as FutureOfTask<T> } };
      },
    };
  }
}
