import { sleep } from '../clock/clock.ts';
import { engineStopped } from '../errors/errors.ts';
import type { EngineCore } from './engine-core.ts';
import type { RecoveryReport } from './flow-handle.ts';
import type { Recoverer } from './recoverer.ts';
import type { Scheduler } from './schedules/scheduler.ts';

/**
 * How long a paused run whose time has come is left to the process that paused it, in milliseconds: that one goes on where it
 * stands, any other from the beginning.
 */
const HEAD_START = 1000;

/** What an engine does by itself once it serves: recoveries from time to time, and schedules. */
export class Service {
  readonly #engine: EngineCore;
  readonly #scheduler: Scheduler;
  readonly #recoverer: Recoverer;
  readonly #stopping = new AbortController();
  #first: Promise<RecoveryReport> | undefined;
  #underWay: Promise<unknown> = Promise.resolve();

  constructor(engine: EngineCore, scheduler: Scheduler, recoverer: Recoverer) {
    this.#engine = engine;
    this.#scheduler = scheduler;
    this.#recoverer = recoverer;
  }

  /** Begins, once; gives what the first recovery found. */
  start(recoverEvery: number): Promise<RecoveryReport> {
    if (this.#first === undefined) {
      const { signal } = this.#stopping;
      this.#first = this.#recoverer.recover();
      const first = this.#first.catch(() => undefined);
      // What an earlier process left is taken up first: a schedule sees it as running.
      this.#underWay = first.then((found) =>
        Promise.all([this.#scheduler.run(signal), this.#recovering(recoverEvery, found, signal)]),
      );
    }
    return this.#first;
  }

  async #recovering(
    every: number,
    first: RecoveryReport | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    for (let found = first; ;) {
      await sleep(this.#engine.clock, this.#restOf(every, found), signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        found = await this.#recoverer.recover(HEAD_START);
      } catch (error) {
        this.#engine.logger.warn({ err: error }, 'what earlier processes left could not be read');
      }
    }
  }

  /** How long there is nothing to do: at most until the first of the paused runs may go on. */
  #restOf(every: number, found: RecoveryReport | undefined): number {
    const now = this.#engine.clock.now();
    const due = (found?.waiting ?? []).map(({ until }) =>
      until === undefined ? Infinity : until.getTime() + HEAD_START - now,
    );
    return Math.max(0, Math.min(every, ...due));
  }

  /** Starts nothing more; resolves when nothing is being started. */
  async stop(): Promise<void> {
    this.#stopping.abort(engineStopped());
    await this.#underWay;
  }
}
