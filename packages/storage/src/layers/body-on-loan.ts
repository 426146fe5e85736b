import { isUint8Array } from 'node:util/types';
import { isReplayable, replayableBody } from '@holdfast/core';
import type { ObjectBody } from '@holdfast/core';

/** A body that is lent to a store for a try, and may be lent again as long as nothing was read of it. */
export interface BodyOnLoan {
  readonly body: ObjectBody;
  /** Whether anything was asked of it. Always false for bytes, which are not used up. */
  readonly begun: boolean;
  /** Whether an error is what the body itself has thrown. */
  threw(error: unknown): boolean;
  /** Closes a body that was never asked for anything. */
  giveBack(): Promise<void>;
}

class StreamOnLoan implements BodyOnLoan {
  readonly body: ObjectBody;
  begun = false;
  readonly #source: AsyncIterable<Uint8Array>;
  #failure: { readonly error: unknown } | undefined;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source;
    const lent = { [Symbol.asyncIterator]: () => this.#lend() };
    this.body = isReplayable(source) ? replayableBody(() => lent) : lent;
  }

  threw(error: unknown): boolean {
    return this.#failure !== undefined && this.#failure.error === error;
  }

  async giveBack(): Promise<void> {
    if (this.begun || isReplayable(this.#source)) return;
    await this.#source[Symbol.asyncIterator]().return?.();
  }

  /** Opens the source with the first chunk that is asked for: a store may fail before, and close what it was lent. */
  #lend(): AsyncIterator<Uint8Array> {
    let chunks: AsyncIterator<Uint8Array> | undefined;
    return {
      next: async () => {
        this.begun = true;
        chunks ??= this.#source[Symbol.asyncIterator]();
        try {
          return await chunks.next();
        } catch (error) {
          this.#failure = { error };
          throw error;
        }
      },
      async return() {
        await chunks?.return?.();
        return { done: true, value: undefined };
      },
    };
  }
}

export function bodyOnLoan(body: ObjectBody): BodyOnLoan {
  if (!isUint8Array(body)) return new StreamOnLoan(body);
  return { body, begun: false, threw: () => false, giveBack: async () => undefined };
}
