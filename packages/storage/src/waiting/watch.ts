import { ObjectStoreError } from '@holdfast/core';
import type { Clock, Timer } from '@holdfast/core';
import { linkedAbort } from './linked-abort.ts';
import type { LinkedAbort } from './linked-abort.ts';

/** Bounds the stretches of a call in which a store is waited for; aborts its signal when one is too long. */
export class Watch {
  readonly #link: LinkedAbort;
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #what: string;
  #timer: Timer | undefined;
  #released = false;

  /**
   * @param what what is waited for, for the error
   * @param other aborts the call, too
   */
  constructor(clock: Clock, ms: number, what: string, other: AbortSignal | undefined) {
    this.#link = linkedAbort(other);
    this.#clock = clock;
    this.#ms = ms;
    this.#what = what;
  }

  get signal(): AbortSignal {
    return this.#link.signal;
  }

  /** The store's time begins. */
  start(): void {
    this.stop();
    if (!this.#released) this.#timer = this.#clock.setTimer(this.#ms, () => this.#expire());
  }

  /** The store's time has ended. */
  stop(): void {
    this.#timer?.clear();
    this.#timer = undefined;
  }

  /** Aborts what is waited for, which nobody needs any more. */
  abort(): void {
    this.#link.abort(new Error(`${this.#what} was given up.`));
  }

  release(): void {
    this.#released = true;
    this.stop();
    this.#link.release();
  }

  #expire(): void {
    this.#link.abort(
      new ObjectStoreError('unavailable', `${this.#what} took longer than ${this.#ms} ms.`, {
        hint: 'Try again; check that the place can be reached, or allow it more time.',
      }),
    );
  }
}
