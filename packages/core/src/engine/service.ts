import { sleep } from '../clock/clock.ts';
import { engineStopped } from '../errors/errors.ts';
import type { EngineCore } from './engine-core.ts';
import type { RecoveryReport } from './flow-handle.ts';
import type { Scheduler } from './schedules/scheduler.ts';

/** What an engine does by itself once it serves: recoveries from time to time, and schedules. */
export class Service {
  readonly #engine: EngineCore;
  readonly #scheduler: Scheduler;
  readonly #recover: () => Promise<RecoveryReport>;
  readonly #stopping = new AbortController();
  #first: Promise<RecoveryReport> | undefined;
  #underWay: Promise<unknown> = Promise.resolve();

  constructor(engine: EngineCore, scheduler: Scheduler, recover: () => Promise<RecoveryReport>) {
    this.#engine = engine;
    this.#scheduler = scheduler;
    this.#recover = recover;
  }

  /** Begins, once; gives what the first recovery found. */
  start(recoverEvery: number): Promise<RecoveryReport> {
    if (this.#first === undefined) {
      const { signal } = this.#stopping;
      this.#first = this.#recover();
      const first = this.#first.catch(() => undefined);
      // What an earlier process left is taken up first: a schedule sees it as running.
      this.#underWay = first.then(() =>
        Promise.all([this.#scheduler.run(signal), this.#recovering(recoverEvery, signal)]),
      );
    }
    return this.#first;
  }

  async #recovering(every: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(this.#engine.clock, every, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.#recover();
      } catch (error) {
        this.#engine.logger.warn({ err: error }, 'what earlier processes left could not be read');
      }
    }
  }

  /** Starts nothing more; resolves when nothing is being started. */
  async stop(): Promise<void> {
    this.#stopping.abort(engineStopped());
    await this.#underWay;
  }
}
