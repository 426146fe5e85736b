import type { Clock, Timer } from '../clock/clock.ts';

interface Pending {
  readonly due: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Lets everything that waits for nothing but the event loop go on. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

/** A clock that stands still until a test moves it. Hours pass in a millisecond. */
export class TestClock implements Clock {
  #now: number;
  #order = 0;
  readonly #pending = new Set<Pending>();

  /** @param now epoch milliseconds to begin at; default 2026-01-05T02:00:00Z, a Monday */
  constructor(now: number = Date.UTC(2026, 0, 5, 2)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  setTimer(ms: number, callback: () => void): Timer {
    const pending = { due: this.#now + Math.max(0, ms), order: this.#order++, callback };
    this.#pending.add(pending);
    return { clear: () => this.#pending.delete(pending) };
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.#pending.size;
  }

  /** Sets the time without firing anything, also backwards: a wall clock that was corrected. */
  jump(to: number): void {
    this.#now = to;
  }

  #next(): Pending | undefined {
    let next: Pending | undefined;
    for (const each of this.#pending) {
      const sooner = next === undefined || each.due < next.due;
      if (sooner || (each.due === next?.due && each.order < next.order)) next = each;
    }
    return next;
  }

  /**
   * Lets time pass: timers fire in the order in which they are due, each at its time, and what they set off goes
   * on before the next one fires.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await turns(5);
    for (;;) {
      const next = this.#next();
      if (next === undefined || next.due > end) break;
      this.#fire(next);
      await turns(5);
    }
    this.#now = end;
    await turns(5);
  }

  #fire(next: Pending): void {
    this.#pending.delete(next);
    this.#now = Math.max(this.#now, next.due);
    next.callback();
  }

  /**
   * Lets time pass, timer by timer, until a promise settles; gives what it gives. A timer fires only when
   * the event loop has turned `patience` times without the promise settling.
   *
   * @throws when nothing is left to wait for and the promise still has not settled after a long while
   */
  async runUntil<T>(promise: PromiseLike<T>, patience = 20): Promise<T> {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    promise.then(settle, settle);
    for (let idle = 0; idle < 10_000;) {
      await turns(patience);
      if (settled) return promise;
      const next = this.#next();
      if (next === undefined) idle++;
      else this.#fire(next);
    }
    throw new Error('runUntil: no timer is set, and the promise does not settle');
  }
}
