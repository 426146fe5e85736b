import { sleep } from '@holdfast/core';
import type { Clock } from '@holdfast/core';

/** Lets bytes pass no faster than at a rate, whoever they belong to. */
export class FlowRate {
  readonly bytesPerSecond: number;
  readonly #clock: Clock;
  /** Bytes that have passed and whose time has not. */
  #debt = 0;
  #at: number;

  constructor(bytesPerSecond: number, clock: Clock) {
    this.bytesPerSecond = bytesPerSecond;
    this.#clock = clock;
    this.#at = clock.now();
  }

  /** The most that should pass in one stroke: a quarter of a second's worth, and at least 1 KiB. */
  get stroke(): number {
    return Math.max(1024, Math.floor(this.bytesPerSecond / 4));
  }

  /** Waits until the bytes before have had their time; then these pass. */
  async pass(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    const now = this.#clock.now();
    // A clock that was set back has not made the debt any larger.
    const elapsed = Math.max(0, now - this.#at);
    this.#at = now;
    this.#debt = Math.max(0, this.#debt - (elapsed * this.bytesPerSecond) / 1000);
    const wait = (this.#debt * 1000) / this.bytesPerSecond;
    this.#debt += bytes;
    if (wait > 0) await sleep(this.#clock, wait, signal);
  }
}
