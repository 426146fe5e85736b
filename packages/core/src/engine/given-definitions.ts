import { definitionOf, type Definition } from '../definition/definition.ts';
import { isSchedule, type CheckedSchedule } from '../definition/schedule.ts';
import { optionsInvalid } from '../errors/errors.ts';
import type { EngineOptions } from './engine-options.ts';

/** The definition of what the host gave as a flow or a task. Throws `OPTIONS_INVALID`. */
export function definitionFor(value: unknown, kind: 'flow' | 'task'): Definition {
  const definition = definitionOf(value);
  if (definition?.kind === kind) return definition;
  throw optionsInvalid(
    'The engine',
    `it was given something that is no ${kind}`,
    `Define it with ${kind}().`,
  );
}

/** The schedules that the host gave. Throws `OPTIONS_INVALID`. */
export function schedulesOf({ schedules = [] }: EngineOptions): readonly CheckedSchedule[] {
  return schedules.map((each) => {
    if (isSchedule(each)) return each;
    throw optionsInvalid(
      'The engine',
      'it was given something that is no schedule',
      'Make it with schedule(flow, …).',
    );
  });
}
