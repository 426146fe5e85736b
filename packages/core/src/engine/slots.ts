import type { Cancellation } from './cancellation.ts';

/** A number of places that calls take in turn, first come, first served. */
export class Slots {
  #free: number;
  readonly #waiting = new Set<() => void>();
  /** Who wants to know of a free place without taking it yet. */
  #watching: (() => void)[] = [];

  /** @param count Infinity for no bound */
  constructor(count: number) {
    this.#free = count;
  }

  /** Whether a place is free that nobody waits for. */
  get roomy(): boolean {
    return this.#free > 0 && this.#waiting.size === 0;
  }

  /** Takes a place if one is free. */
  tryTake(): boolean {
    if (!this.roomy) return false;
    this.#free--;
    return true;
  }

  /** Waits for a place and takes it; false when told to stop before. */
  take(cancellation: Cancellation): Promise<boolean> {
    if (this.tryTake()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const taken = (): void => {
        stopListening();
        resolve(true);
      };
      this.#waiting.add(taken);
      const stopListening = cancellation.onAbort(() => {
        if (this.#waiting.delete(taken)) resolve(false);
      });
    });
  }

  /** Gives a place back: to who waits longest, if anybody does. */
  giveBack(): void {
    const [next] = this.#waiting;
    if (next !== undefined) {
      this.#waiting.delete(next);
      next();
      return;
    }
    this.#free++;
    const watching = this.#watching;
    this.#watching = [];
    for (const wake of watching) wake();
  }

  /** Resolves when a place that nobody waits for becomes free, or when told to stop. */
  change(cancellation: Cancellation): Promise<void> {
    return new Promise((resolve) => {
      const stopListening = cancellation.onAbort(() => resolve());
      this.#watching.push(() => {
        stopListening();
        resolve();
      });
    });
  }
}
