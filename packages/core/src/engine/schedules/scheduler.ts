import type { CheckedSchedule } from '../../definition/schedule.ts';
import { optionsInvalid } from '../../errors/errors.ts';
import { isTerminal } from '../../model/state.ts';
import type { EngineCore } from '../engine-core.ts';
import type { RunStarter } from './occurrence.ts';
import { ScheduleBook } from './schedule-book.ts';
import { ScheduleRunner } from './schedule-runner.ts';
import type { ScheduleInfo, Schedules } from './schedules.ts';

/** The schedules of an engine. */
export class Scheduler implements Schedules {
  readonly #engine: EngineCore;
  readonly #book: ScheduleBook;
  readonly #schedules: readonly CheckedSchedule[];
  readonly #runners: readonly ScheduleRunner[];
  readonly #ready: () => Promise<void>;

  /**
   * @param ready resolves when the store is open
   * @throws `OPTIONS_INVALID` when two schedules share a name
   */
  constructor(
    engine: EngineCore,
    schedules: readonly CheckedSchedule[],
    starter: RunStarter,
    ready: () => Promise<void>,
  ) {
    assertNames(schedules);
    this.#engine = engine;
    this.#schedules = schedules;
    this.#ready = ready;
    this.#book = new ScheduleBook(engine);
    this.#runners = schedules.map((each) => new ScheduleRunner(engine, this.#book, starter, each));
  }

  /** Starts runs as their times come; resolves when the signal has aborted and nothing is being started any more. */
  async run(signal: AbortSignal): Promise<void> {
    const stopListening = this.#engine.events.on('state', ({ run, state }) => {
      if (run.kind !== 'flow' || run.scheduled === undefined || !isTerminal(state)) return;
      const { schedule } = run.scheduled;
      for (const runner of this.#runners) if (runner.name === schedule) runner.wake();
    });
    await Promise.all(this.#runners.map((runner) => runner.run(signal)));
    stopListening();
  }

  async list(): Promise<readonly ScheduleInfo[]> {
    await this.#ready();
    const now = this.#engine.clock.now();
    return (await this.#book.all()).map(({ name, paused, doneUntil, facts }) => {
      const { flow, times } = facts as { readonly flow: string; readonly times: string };
      const known = this.#schedules.find((each) => each.name === name);
      const kept = known?.occurrences.text === times ? known.occurrences : undefined;
      const next = paused ? undefined : kept?.next(Math.max(now, doneUntil));
      return {
        name,
        flow,
        times,
        paused,
        doneUntil: new Date(doneUntil),
        ...(next === undefined ? {} : { next: new Date(next) }),
      };
    });
  }

  async pause(name: string): Promise<void> {
    await this.#ready();
    await this.#book.setPaused(name, true);
  }

  async resume(name: string): Promise<void> {
    await this.#ready();
    await this.#book.setPaused(name, false);
    for (const runner of this.#runners) if (runner.name === name) runner.wake();
  }
}

function assertNames(schedules: readonly CheckedSchedule[]): void {
  const names = new Set<string>();
  for (const { name } of schedules) {
    if (names.has(name)) {
      throw optionsInvalid(
        'The engine',
        `two schedules are named '${name}'`,
        "Give one of them another name: schedule(flow, { name: '…' }).",
      );
    }
    names.add(name);
  }
}
