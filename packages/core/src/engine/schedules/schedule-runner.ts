import { sleep } from '../../clock/clock.ts';
import type { CheckedSchedule } from '../../definition/schedule.ts';
import { isHoldfastError } from '../../errors/holdfast-error.ts';
import { toFailure } from '../../serial/failure-codec.ts';
import type { ScheduleRecord } from '../../model/shared-state.ts';
import type { EpochMs } from '../../model/state.ts';
import { catchUp, IN_TIME } from '../../policies/catchup.ts';
import { occurrencesBetween } from '../../policies/occurrences.ts';
import type { EngineCore } from '../engine-core.ts';
import { dealWith, type RunStarter } from './occurrence.ts';
import type { ScheduleBook } from './schedule-book.ts';

/** How long it takes at most until a change by another process, or of the clock, is noticed. */
const LOOK_AGAIN = 30_000;
/** How many occurrences are caught up with at most. */
const MOST = 1000;

/** Starts the runs of one schedule as their times come, until its signal aborts. */
export class ScheduleRunner {
  readonly #engine: EngineCore;
  readonly #book: ScheduleBook;
  readonly #starter: RunStarter;
  readonly #schedule: CheckedSchedule;
  /** Occurrences that were met in time, and wait for the end of an earlier run. */
  readonly #waiting = new Set<EpochMs>();
  /** Who began last decides about the times: during a deployment, the new one. */
  #standing: 'new' | 'kept' | 'replaced' = 'new';
  #wake = (): void => undefined;

  constructor(
    engine: EngineCore,
    book: ScheduleBook,
    starter: RunStarter,
    schedule: CheckedSchedule,
  ) {
    this.#engine = engine;
    this.#book = book;
    this.#starter = starter;
    this.#schedule = schedule;
  }

  get name(): string {
    return this.#schedule.name;
  }

  /** Something has changed: looks again at once. */
  wake(): void {
    this.#wake();
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let next: EpochMs | undefined;
      try {
        next = await this.#pass(signal);
      } catch (error) {
        // The store is not at hand: nothing was noted, so nothing is lost.
        this.#engine.logger.warn({ schedule: this.name, err: error }, 'a schedule has to wait');
      }
      await this.#rest(next, signal);
    }
  }

  async #rest(next: EpochMs | undefined, signal: AbortSignal): Promise<void> {
    const { clock } = this.#engine;
    const until = next === undefined ? LOOK_AGAIN : Math.max(next - clock.now(), 0);
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    const either = AbortSignal.any([signal, woken.signal]);
    await sleep(clock, Math.min(until, LOOK_AGAIN), either).catch(() => undefined);
  }

  /** Deals with every occurrence whose time has come; gives when the next one does. */
  async #pass(signal: AbortSignal): Promise<EpochMs | undefined> {
    const { occurrences, catchup, maxLateness } = this.#schedule;
    let record = await this.#record();
    if (record === undefined || record.paused) return undefined;
    const now = this.#engine.clock.now();
    const { times, left } = occurrencesBetween(occurrences, record.doneUntil, now, MOST);
    const waiting = times.filter((at) => this.#waiting.has(at) && now - at <= maxLateness);
    const others = times.filter((at) => !waiting.includes(at));
    const { start, missed } = catchUp(others, now, catchup, maxLateness);
    const lastMissed = missed.at(-1);
    if (lastMissed !== undefined) {
      this.#tellMissed(missed.length + left, lastMissed);
      record = await this.#book.advance(record, lastMissed);
      if (record === undefined) return now;
    }
    for (const at of [...waiting, ...start].toSorted((a, b) => a - b)) {
      if (signal.aborted) return undefined;
      if (!(await this.#dealWith(at, now))) return undefined;
      record = await this.#book.advance(record, at);
      // Another process has written it: what is left is looked at again.
      if (record === undefined) return now;
    }
    return occurrences.next(now);
  }

  /** How far the schedule has come; undefined while it is for another process, which has given it other times. */
  async #record(): Promise<ScheduleRecord | undefined> {
    const standing = this.#standing;
    const record = await (standing === 'new'
      ? this.#book.begin(this.#schedule)
      : this.#book.of(this.#schedule));
    this.#standing = record === undefined ? 'replaced' : 'kept';
    if (record === undefined && standing === 'kept') this.#tellReplaced();
    return record;
  }

  async #dealWith(at: EpochMs, now: EpochMs): Promise<boolean> {
    try {
      // What is caught up with is done one after the other.
      const late = now - at > IN_TIME && !this.#waiting.has(at);
      const overlap = late ? 'queue' : this.#schedule.overlap;
      const schedule = { ...this.#schedule, overlap };
      const dealt = await dealWith(this.#engine, this.#starter, schedule, at);
      if (dealt) this.#waiting.delete(at);
      else if (now - at <= IN_TIME) this.#waiting.add(at);
      return dealt;
    } catch (error) {
      if (isHoldfastError(error) && error.retryable) throw error;
      this.#tellNotStarted(at, error);
      return true;
    }
  }

  #tellNotStarted(at: EpochMs, error: unknown): void {
    const { logger, events, scrubber } = this.#engine;
    const { message } = toFailure(error, scrubber.scrub);
    logger.error({ schedule: this.name, at, err: error }, 'a scheduled run could not be started');
    events.emit('warning', {
      code: 'SCHEDULE_NOT_STARTED',
      message: `The run of ${new Date(at).toISOString()} of the schedule '${this.name}' could not be started: ${message}`,
    });
  }

  #tellReplaced(): void {
    this.#engine.events.emit('warning', {
      code: 'SCHEDULE_REPLACED',
      message: `The schedule '${this.name}' was given other times by a process that serves it, too, and began later: this one leaves it alone.`,
    });
  }

  #tellMissed(count: number, last: EpochMs): void {
    this.#engine.events.emit('warning', {
      code: 'SCHEDULE_MISSED',
      message: `The schedule '${this.name}' gave up ${count} occurrence(s), the last one of ${new Date(last).toISOString()}: they were met too late.`,
    });
  }
}
