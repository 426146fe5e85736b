/** For how long work may go on before timers and the host's own I/O get a turn, in milliseconds. */
const LONGEST_STRETCH = 10;

/**
 * Shares the thread with the host. A store that answers at once lets a flow go on from promise to promise without
 * end: timers would not fire, and no request would be answered, until it is over.
 */
export class EventLoopShare {
  #turnAt = performance.now();

  /** Whether the last turn was so long ago that another is due. */
  get due(): boolean {
    return performance.now() - this.#turnAt >= LONGEST_STRETCH;
  }

  /** Resolves when the event loop has gone round once. */
  async turn(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#turnAt = performance.now();
  }
}
