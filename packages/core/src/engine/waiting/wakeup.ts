import { sleep, type Clock } from '../../clock/clock.ts';

/** A sleep that news end early, also those that come just before it. */
export class Wakeup {
  #told = false;
  #wake = (): void => undefined;

  /** There are news. */
  readonly tell = (): void => {
    this.#told = true;
    this.#wake();
  };

  /**
   * Sleeps until there are news since the last sleep, for at most so many milliseconds.
   *
   * @throws the signal's reason, when it aborts
   */
  async sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    if (this.#told) this.#wake();
    await sleep(clock, ms, AbortSignal.any([signal, woken.signal])).catch(() => undefined);
    this.#told = false;
    signal.throwIfAborted();
  }
}
