import { isBusy } from './fault.ts';
import { StoreFault } from '../../record/fault.ts';

/** First and longest pause between tries while another process writes, in milliseconds. */
const FIRST_PAUSE = 2;
const LONGEST_PAUSE = 50;

interface Job {
  readonly work: () => unknown;
  readonly giveUpAt: number;
  readonly settle: (outcome: { value: unknown } | { error: unknown }) => void;
}

/**
 * Runs calls one after the other, in the order in which they came. One that finds the database held by
 * another process is tried again, and those behind it wait, until its bound is reached. The pause
 * between tries is asynchronous: the thread stays free for other queues.
 */
export class CallQueue {
  readonly #jobs: Job[] = [];
  readonly #bound: number;
  readonly #path: string;
  #running = false;

  /** @param bound for how long a call waits for other processes, in milliseconds */
  constructor(path: string, bound: number) {
    this.#path = path;
    this.#bound = bound;
  }

  /** Runs `work` when everything before it has settled. It may be called more than once. */
  add<T>(work: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#jobs.push({
        work,
        giveUpAt: performance.now() + this.#bound,
        settle: (outcome) => {
          if ('error' in outcome) reject(outcome.error);
          else resolve(outcome.value as T);
        },
      });
      if (!this.#running) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#running = true;
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
      await this.#run(job);
    }
    this.#running = false;
  }

  async #run(job: Job): Promise<void> {
    for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        job.settle({ value: await job.work() });
        return;
      } catch (error) {
        if (!isBusy(error) || performance.now() >= job.giveUpAt) {
          job.settle({ error: isBusy(error) ? this.#stillBusy(error) : error });
          return;
        }
      }
      const shortened = pause * (0.5 + Math.random() / 2);
      await new Promise((wake) => setTimeout(wake, shortened));
    }
  }

  #stillBusy(error: unknown): StoreFault {
    return new StoreFault({
      code: 'STORE_UNAVAILABLE',
      message: `The run store ${this.#path} was held by another process for more than ${this.#bound} ms`,
      hint: 'Try again; if it lasts, look for a process that keeps a transaction open on this file.',
      retryable: true,
      context: { path: this.#path, waited: this.#bound },
      cause: String(error),
    });
  }
}
