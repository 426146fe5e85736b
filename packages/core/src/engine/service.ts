import { sleep } from '../clock/clock.ts';
import { engineStopped } from '../errors/errors.ts';
import type { EngineCore } from './engine-core.ts';
import type { RecoveryReport } from './flow-handle.ts';
import type { Recoverer } from './recoverer.ts';

/** Something that is done as long as an engine serves. */
export interface Chore {
  /** Does it, until the signal aborts; resolves when nothing of it is under way. */
  run(signal: AbortSignal): Promise<void>;
}

/** What an engine does by itself once it serves: recoveries from time to time, schedules, the retention. */
export class Service {
  readonly #engine: EngineCore;
  readonly #recoverer: Recoverer;
  readonly #chores: readonly Chore[];
  readonly #stopping = new AbortController();
  #first: Promise<RecoveryReport> | undefined;
  #underWay: Promise<unknown> = Promise.resolve();
  /** There is a reason to look again at once. */
  #woken = false;
  #wake = (): void => undefined;

  constructor(engine: EngineCore, recoverer: Recoverer, chores: readonly Chore[]) {
    this.#engine = engine;
    this.#recoverer = recoverer;
    this.#chores = chores;
  }

  /** Begins, once; gives what the first recovery found. */
  start(recoverEvery: number): Promise<RecoveryReport> {
    if (this.#first === undefined) {
      const { signal } = this.#stopping;
      this.#first = this.#recoverer.recover();
      const first = this.#first.catch(() => undefined);
      // What an earlier process left is taken up first: a schedule sees it as running.
      this.#underWay = first.then(() =>
        Promise.all([
          this.#recovering(recoverEvery, signal),
          ...this.#chores.map((chore) => chore.run(signal)),
        ]),
      );
    }
    return this.#first;
  }

  /** Something was written that may wake a paused run. */
  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  async #recovering(every: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#rest(every, signal);
      if (signal.aborted) return;
      try {
        await this.#recoverer.recover(true);
      } catch (error) {
        this.#engine.logger.warn({ err: error }, 'what earlier processes left could not be read');
      }
    }
  }

  /** Until it is time to look again: at the latest when the first of the paused runs may go on. */
  async #rest(every: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#engine;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    if (this.#woken) this.#wake();
    const left = Math.max(0, Math.min(every, this.#recoverer.nextDue - clock.now()));
    await sleep(clock, left, AbortSignal.any([signal, woken.signal])).catch(() => undefined);
    this.#woken = false;
  }

  /** Starts nothing more; resolves when nothing is being started. */
  async stop(): Promise<void> {
    this.#stopping.abort(engineStopped());
    await this.#underWay;
  }
}
