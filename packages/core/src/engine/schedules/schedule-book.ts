import type { CheckedSchedule } from '../../definition/schedule.ts';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import type { ScheduleRecord } from '../../model/shared-state.ts';
import type { EpochMs } from '../../model/state.ts';
import type { EngineCore } from '../engine-core.ts';

/** What the record of a schedule says of it for people, and what tells that its times have changed. */
interface ScheduleFacts {
  readonly flow: string;
  readonly times: string;
}

function factsOf({ flowName, occurrences }: CheckedSchedule): ScheduleFacts {
  return { flow: flowName, times: occurrences.text };
}

function timesIn(record: ScheduleRecord): string | undefined {
  return (record.facts as Partial<ScheduleFacts> | null)?.times;
}

/** The records of schedules in the run store: how far each has come. Several processes write them. */
export class ScheduleBook {
  readonly #engine: EngineCore;

  constructor(engine: EngineCore) {
    this.#engine = engine;
  }

  async all(): Promise<readonly ScheduleRecord[]> {
    return this.#engine.store.schedules();
  }

  async #find(name: string): Promise<ScheduleRecord | undefined> {
    return (await this.all()).find((record) => record.name === name);
  }

  /**
   * Begins to keep a schedule, and gives its record. One that is new begins now: nothing before was missed. One whose
   * times have changed begins anew, too.
   */
  async begin(schedule: CheckedSchedule): Promise<ScheduleRecord> {
    for (;;) {
      const known = await this.#find(schedule.name);
      const facts = factsOf(schedule);
      if (known !== undefined && timesIn(known) === facts.times) return known;
      const now = this.#engine.clock.now();
      const { name } = schedule;
      const paused = known?.paused ?? false;
      const begun = await this.#write(known, { name, paused, doneUntil: now, facts: { ...facts } });
      // Another process was faster: its record counts.
      if (begun !== undefined) return begun;
    }
  }

  /** The record of a schedule that was begun; undefined where a process that began later has given it other times. */
  async of(schedule: CheckedSchedule): Promise<ScheduleRecord | undefined> {
    const known = await this.#find(schedule.name);
    if (known === undefined) return this.begin(schedule);
    return timesIn(known) === factsOf(schedule).times ? known : undefined;
  }

  /** Notes that every occurrence up to a time has been dealt with. Undefined when the record has changed meanwhile. */
  async advance(record: ScheduleRecord, doneUntil: EpochMs): Promise<ScheduleRecord | undefined> {
    return doneUntil <= record.doneUntil ? record : this.#write(record, { ...record, doneUntil });
  }

  /**
   * Pauses a schedule, or lets it go on from now.
   *
   * @throws `SCHEDULE_UNKNOWN`
   */
  async setPaused(name: string, paused: boolean): Promise<void> {
    for (;;) {
      const record = await this.#find(name);
      if (record === undefined) throw scheduleUnknown(name);
      if (record.paused === paused) return;
      const doneUntil = paused
        ? record.doneUntil
        : Math.max(record.doneUntil, this.#engine.clock.now());
      if ((await this.#write(record, { ...record, paused, doneUntil })) !== undefined) return;
    }
  }

  async #write(
    known: ScheduleRecord | undefined,
    next: Omit<ScheduleRecord, 'version' | 'updatedAt'>,
  ): Promise<ScheduleRecord | undefined> {
    const expectVersion = known?.version ?? 0;
    const updatedAt = this.#engine.clock.now();
    const schedule: ScheduleRecord = { ...next, version: expectVersion + 1, updatedAt };
    const outcome = await this.#engine.writer.write(
      { kind: 'schedule', expectVersion, schedule },
      'machine',
    );
    return outcome.ok ? schedule : undefined;
  }
}

function scheduleUnknown(name: string): HoldfastError {
  return new HoldfastError('SCHEDULE_UNKNOWN', `There is no schedule '${name}' in the run store.`, {
    hint: 'A schedule is known once an engine that has it has called serve().',
    retryable: false,
    context: { schedule: name },
  });
}
