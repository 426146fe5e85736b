import { atOnce } from '../waiting/at-once.ts';
import type { LinkedAbort } from '../waiting/linked-abort.ts';

/** How much may be sent at once. */
export interface UnderWayLimits {
  readonly concurrency: number;
  /** All parts that are sent at once have no more bytes than this, but for one alone. */
  readonly bytesUnderWay: number;
}

/** The parts of one write that are being sent. One that fails aborts the link of the write, and with it all the rest. */
export class PartsUnderWay {
  readonly #link: LinkedAbort;
  readonly #limits: UnderWayLimits;
  /** What is under way, and its bytes. */
  readonly #sending = new Map<Promise<void>, number>();

  constructor(link: LinkedAbort, limits: UnderWayLimits) {
    this.#link = link;
    this.#limits = limits;
  }

  /**
   * Begins to send a part, as soon as there is room for it.
   *
   * @throws the reason of the link when that is aborted
   */
  async start(bytes: number, send: () => Promise<void>): Promise<void> {
    while (this.#sending.size > 0 && this.#isFull(bytes)) {
      await atOnce(this.#link.signal, Promise.race(this.#sending.keys()));
    }
    this.#link.signal.throwIfAborted();
    const sending = send()
      .catch((error: unknown) => this.#link.abort(error))
      .finally(() => this.#sending.delete(sending));
    this.#sending.set(sending, bytes);
  }

  /**
   * Waits for all that was begun.
   *
   * @throws the reason of the link when that is aborted
   */
  async settle(): Promise<void> {
    await atOnce(this.#link.signal, this.ended());
    this.#link.signal.throwIfAborted();
  }

  /** Waits until nothing is sent any more, however that ended. */
  async ended(): Promise<void> {
    await Promise.all(this.#sending.keys());
  }

  #isFull(bytes: number): boolean {
    const { concurrency, bytesUnderWay } = this.#limits;
    const sum = [...this.#sending.values()].reduce((a, b) => a + b, 0);
    return this.#sending.size >= concurrency || sum + bytes > bytesUnderWay;
  }
}
