import { availableParallelism } from 'node:os';

/** For how long the host's event loop may be kept turning for one answer, in milliseconds. */
const LONGEST = 1;

/** After an answer that did not come in time, so many are not awaited awake: by then there may be more to gain. */
const SKIPPED = 64;

/**
 * Whether, and how, the host awaits an answer without going to sleep: to put it to sleep and to wake it takes a third of
 * what a quick disk needs for a commit. Where the disk is not quick, or the processors have other work, nothing is
 * gained by that, and it sleeps.
 */
export class Wakefulness {
  readonly #spare: boolean;
  readonly #longest: number;
  #skip = 0;

  /**
   * @param processors how many there are: with one, the thread that is waited for needs it
   * @param longest another time only in tests
   */
  constructor(processors = availableParallelism(), longest = LONGEST) {
    this.#spare = processors > 1;
    this.#longest = longest;
  }

  /** Whether the next answer is to be awaited awake. To be asked once for each. */
  forNext(): boolean {
    if (this.#skip > 0) this.#skip--;
    return this.#spare && this.#skip === 0;
  }

  /** An answer did not come in the time in which it is worth while to stay awake. */
  inVain(): void {
    this.#skip = SKIPPED;
  }

  /**
   * Keeps the event loop turning until there is an answer. Whatever else is due gets its turn in every round, as always.
   *
   * @param look whether there is, asked in each turn
   * @param giveUp nobody looks any longer: there was no answer in time
   */
  await(look: () => boolean, giveUp: () => void): void {
    const until = performance.now() + this.#longest;
    const turn = (): void => {
      if (look()) return;
      if (performance.now() < until) {
        setImmediate(turn);
        return;
      }
      this.inVain();
      giveUp();
    };
    setImmediate(turn);
  }
}
