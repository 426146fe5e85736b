import { availableParallelism } from 'node:os';

/** For how long the host's event loop may be kept turning for one answer, in milliseconds. */
const LONGEST = 1;

/** After answers that did not come in time, at most so many are not awaited awake: by then there may be more to gain. */
const MOST_SKIPPED = 64;

/**
 * Whether, and how, the host awaits an answer without going to sleep: to put it to sleep and to wake it takes a third of
 * what a quick disk needs for a commit. Where the disk is not quick, or the processors have other work, nothing is
 * gained by that, and it sleeps: once after a single answer that was late, twice as often with each that follows.
 */
export class Wakefulness {
  readonly #spare: boolean;
  readonly #longest: number;
  #skip = 0;
  /** How many are skipped after the next one that is late. */
  #penalty = 1;

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
    if (!this.#spare) return false;
    if (this.#skip === 0) return true;
    this.#skip--;
    return false;
  }

  /** An answer came in the time in which it is worth while to stay awake. */
  inTime(): void {
    this.#penalty = Math.max(1, this.#penalty / 2);
  }

  /** An answer did not. */
  inVain(): void {
    this.#skip = this.#penalty;
    this.#penalty = Math.min(this.#penalty * 2, MOST_SKIPPED);
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
      if (look()) {
        this.inTime();
        return;
      }
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
