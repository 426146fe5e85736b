import { type Clock, HoldfastError, sleep, systemClock } from '@holdfast/core';

/** The least that passes in one stroke, in bytes. */
const LEAST_STROKE = 1024;

/** @throws `OPTIONS_INVALID` */
export function checkBandwidth(bytesPerSecond: number): void {
  if (Number.isFinite(bytesPerSecond) && bytesPerSecond >= 1) return;
  throw new HoldfastError('OPTIONS_INVALID', `bandwidth is ${String(bytesPerSecond)}.`, {
    hint: 'Give bytes a second, from 1: 10_000_000.',
    retryable: false,
  });
}

/** Lets the stored bytes of a backup pass no faster than at a rate, all its artifacts together. */
export class Rate {
  readonly #bytesPerSecond: number;
  readonly #clock: Clock;
  /** Epoch milliseconds at which all that has passed has had its time. */
  #paidUntil = 0;

  /** @throws `OPTIONS_INVALID` */
  constructor(bytesPerSecond: number, clock: Clock = systemClock) {
    checkBandwidth(bytesPerSecond);
    this.#bytesPerSecond = bytesPerSecond;
    this.#clock = clock;
  }

  /** Passes a stream on, in strokes of a quarter of a second's worth at most. */
  async *through(
    source: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, void> {
    const stroke = Math.max(LEAST_STROKE, Math.floor(this.#bytesPerSecond / 4));
    for await (const piece of source) {
      for (let at = 0; at < piece.byteLength; at += stroke) {
        const part = piece.subarray(at, at + stroke);
        await this.#pass(part.byteLength, signal);
        yield part;
      }
    }
  }

  async #pass(bytes: number, signal: AbortSignal): Promise<void> {
    const now = this.#clock.now();
    const cost = (bytes * 1000) / this.#bytesPerSecond;
    // A clock that was set back makes nobody wait longer than for what has passed last.
    const wait = Math.min(this.#paidUntil - now, cost + 1000);
    this.#paidUntil = Math.max(now, now + wait) + cost;
    if (wait > 0) await sleep(this.#clock, wait, signal);
  }
}
