import { availableParallelism } from 'node:os';
import type { Watch } from './watch.ts';

/** For how long the host's event loop may be kept turning for one answer, in milliseconds. */
const LONGEST = 1;

/** After so many commits that took longer, one is tried again: the disk may have become quick. */
const RETRY_AFTER = 64;

/**
 * Keeps the host's event loop turning while a lone commit is on its way to the disk: to put the loop to sleep and to wake
 * it takes a third of what a quick disk needs for the commit. Whatever else is due gets its turn in every round, as
 * always. Where the disk is not quick, or there is no processor to spare, the loop sleeps.
 */
export class Wakefulness {
  readonly #watch: Watch;
  readonly #spare = availableParallelism() > 1;
  /** So many commits are not waited for awake. */
  #skip = 0;

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  /**
   * Calls back as soon as there was an answer more than these, or not at all.
   *
   * @param answered how many there were before the call
   */
  awaitAnswer(answered: number, callBack: () => void): void {
    if (!this.#spare) return;
    if (this.#skip > 0) {
      this.#skip--;
      return;
    }
    const until = performance.now() + LONGEST;
    const look = (): void => {
      if (this.#watch.answered !== answered) callBack();
      else if (performance.now() < until) setImmediate(look);
      else this.#skip = RETRY_AFTER;
    };
    setImmediate(look);
  }
}
