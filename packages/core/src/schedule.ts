import { definitionOf } from './definition/definition.ts';
import { makeSchedule, type Schedule } from './definition/schedule.ts';
import type { ScheduleOptions } from './definition/schedule-options.ts';
import { optionsInvalid } from './errors/errors.ts';

/**
 * Says when a flow is to be run: `schedule(nightly, { cron: '0 2 * * *', timeZone: 'Europe/Berlin', args: [databases] })`.
 * Give it to `createEngine({ schedules: [ … ] })`; `engine.serve()` starts the runs. Several processes on one store
 * start each occurrence once.
 *
 * @throws `OPTIONS_INVALID`, `SCHEDULE_INVALID`, `DURATION_INVALID`
 */
export function schedule<F extends Function>(flow: F, options: ScheduleOptions<F>): Schedule {
  const definition = definitionOf(flow);
  if (definition?.kind !== 'flow') {
    throw optionsInvalid(
      'schedule()',
      'it was given something that is no flow',
      'Define the flow with flow(), and schedule that.',
    );
  }
  return makeSchedule(definition, options);
}
