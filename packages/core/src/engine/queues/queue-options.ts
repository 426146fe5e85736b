import { optionsInvalid } from '../../errors/errors.ts';
import { shownValue } from '../../errors/shown-value.ts';
import { queueName } from '../../definition/queue-option.ts';
import { wholeNumber } from '../../definition/whole-number.ts';
import { durationMs, type Duration } from '../../model/duration.ts';
import type { EpochMs } from '../../model/state.ts';
import type { StartOptions } from '../engine.ts';

/** What can be said beside the arguments when a flow is put on a queue. */
export interface EnqueueOptions extends StartOptions {
  /** On which queue, by its name. Default `'default'`. */
  readonly queue?: string;
  /** From when on a worker may start it; deadlines and windows count from then. Default: at once. */
  readonly at?: Date;
}

/** What a worker does. */
export interface WorkOptions {
  /** The queues that it works on; those of the first are executed before those of the second. Default `['default']`. */
  readonly queues?: readonly string[];
  /** How many flows it executes at once, and how many tasks beside them. Default 10. */
  readonly concurrency?: number;
  /**
   * How long until it looks again where nobody has told it of news: the delay with which a run is started that was due
   * later, or that the store cannot tell of. Default 1 s.
   */
  readonly lookEvery?: Duration;
}

/** Where a run is put, checked. */
export interface QueuePlace {
  readonly queue: string;
  /** Undefined: at once. */
  readonly dueAt: EpochMs | undefined;
}

/** What a worker does, checked. */
export interface WorkTerms {
  readonly queues: readonly string[];
  readonly concurrency: number;
  /** In milliseconds. */
  readonly lookEvery: number;
}

const DEFAULT_QUEUE = 'default';

/** Checks where a run is put. Throws `OPTIONS_INVALID`. */
export function queuePlace(options: EnqueueOptions): QueuePlace {
  const { queue = DEFAULT_QUEUE, at } = options;
  const dueAt = at === undefined ? undefined : at instanceof Date ? at.getTime() : Number.NaN;
  if (Number.isNaN(dueAt)) {
    throw optionsInvalid('enqueue()', `at is no Date: ${shownValue(at)}`, 'Give a Date.');
  }
  return { queue: queueName('enqueue()', queue), dueAt };
}

/** Checks what a worker is to do. Throws `OPTIONS_INVALID`, `DURATION_INVALID`. */
export function workTerms(options: WorkOptions): WorkTerms {
  const { queues = [DEFAULT_QUEUE], concurrency, lookEvery = 1000 } = options;
  if (!Array.isArray(queues) || queues.length === 0) {
    throw optionsInvalid('work()', 'queues names none', "Name some: { queues: ['dumps'] }.");
  }
  return {
    queues: queues.map((name) => queueName('work()', name)),
    concurrency: wholeNumber('work()', 'concurrency', concurrency, 1, 10),
    lookEvery: durationMs(lookEvery, 'lookEvery of work()'),
  };
}
