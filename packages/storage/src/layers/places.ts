interface Waiting {
  readonly enter: () => void;
}

/** A number of places, given out in the order in which they are asked for. */
export class Places {
  #free: number;
  readonly #queue = new Set<Waiting>();

  constructor(count: number) {
    this.#free = count;
  }

  /**
   * Waits for a place.
   *
   * @throws the signal's reason, at once, and takes no place then
   */
  async enter(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting = { enter: resolve };
    const onAbort = (): void => {
      if (this.#queue.delete(waiting)) reject(signal?.reason);
    };
    this.#queue.add(waiting);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      await promise;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Gives a place back: to who has waited longest. */
  leave(): void {
    const [next] = this.#queue;
    if (next === undefined) {
      this.#free++;
      return;
    }
    this.#queue.delete(next);
    next.enter();
  }
}

/** What one call has of the places: one while it works, none while it waits for others. */
export class Turn {
  readonly #places: Places;
  readonly #signal: AbortSignal | undefined;
  #holds = false;
  #over = false;

  constructor(places: Places, signal: AbortSignal | undefined) {
    this.#places = places;
    this.#signal = signal;
  }

  async enter(): Promise<void> {
    if (this.#holds || this.#over) return;
    await this.#places.enter(this.#signal);
    // The call may have ended while this waited.
    if (this.#over) this.#places.leave();
    else this.#holds = true;
  }

  leave(): void {
    if (!this.#holds) return;
    this.#holds = false;
    this.#places.leave();
  }

  /** The call has ended. */
  end(): void {
    this.#over = true;
    this.leave();
  }
}
