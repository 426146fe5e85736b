import { optionsInvalid } from '../errors/errors.ts';
import { durationMs } from '../model/duration.ts';
import type { EpochMs } from '../model/state.ts';
import type { Catchup } from '../policies/catchup.ts';
import { occurrencesOf, type Occurrences, type Times } from '../policies/occurrences.ts';
import type { Definition } from './definition.ts';
import { queueName } from './queue-option.ts';
import type { Overlap, ScheduleRules } from './schedule-options.ts';
import { assertSecrets } from './secret-args.ts';

/** A flow, and when it is to be run. Made with `schedule()`. */
export interface Schedule {
  /** Unique in the store. */
  readonly name: string;
  readonly flowName: string;
}

/** A schedule with its options checked and its defaults filled in. */
export interface CheckedSchedule extends Schedule {
  readonly definition: Definition;
  readonly occurrences: Occurrences;
  readonly argsAt: (at: EpochMs) => readonly unknown[];
  readonly catchup: Catchup;
  /** Milliseconds; Infinity: no bound. */
  readonly maxLateness: number;
  readonly overlap: Overlap;
  /** Undefined: its runs are executed by the engine that starts them. */
  readonly queue: string | undefined;
}

type Given = Times &
  ScheduleRules & { readonly args?: readonly unknown[] | ((at: Date) => readonly unknown[]) };

const KNOWN = 'cron timeZone every anchor at name catchup maxLateness overlap queue args'.split(
  ' ',
) as readonly string[];

const made = new WeakSet<object>();

/** Whether a value was made by `schedule()`. */
export function isSchedule(value: unknown): value is CheckedSchedule {
  return typeof value === 'object' && value !== null && made.has(value);
}

function oneOf<T extends string>(
  what: string,
  option: string,
  value: T | undefined,
  allowed: readonly [T, ...T[]],
): T {
  if (value === undefined) return allowed[0];
  if (allowed.includes(value)) return value;
  throw optionsInvalid(
    what,
    `${option} must be ${allowed.map((each) => `'${each}'`).join(' or ')}`,
    'Correct the option.',
  );
}

function checkShape(what: string, given: Given): void {
  const unknown = Object.keys(given).find((option) => !KNOWN.includes(option));
  if (unknown !== undefined) {
    throw optionsInvalid(what, `there is no option '${unknown}'`, `Options: ${KNOWN.join(', ')}.`);
  }
  const { args = [] } = given;
  if (typeof args !== 'function' && !Array.isArray(args)) {
    throw optionsInvalid(
      what,
      'args must be a list of arguments, or a function that gives one',
      'Write args: [first, second].',
    );
  }
}

/** Checks a schedule's options. Throws `OPTIONS_INVALID`, `SCHEDULE_INVALID`, `DURATION_INVALID`, `SECRET_EXPECTED`. */
export function makeSchedule(definition: Definition, given: Given): CheckedSchedule {
  const name = given.name ?? definition.name;
  const what = `The schedule '${name}'`;
  if (typeof name !== 'string' || name === '' || !name.isWellFormed() || name.includes('\0')) {
    throw optionsInvalid('A schedule', 'its name must be a text', "Give { name: '…' }.");
  }
  checkShape(what, given);
  const { args = [] } = given;
  if (typeof args !== 'function') assertSecrets(definition, args);
  const checked: CheckedSchedule = {
    name,
    flowName: definition.name,
    definition,
    occurrences: occurrencesOf(given, what),
    argsAt: (at) => (typeof args === 'function' ? args(new Date(at)) : args),
    catchup: oneOf(what, 'catchup', given.catchup, ['latest', 'none', 'all']),
    maxLateness:
      given.maxLateness === undefined
        ? Number.POSITIVE_INFINITY
        : durationMs(given.maxLateness, `${what}: maxLateness`),
    overlap: oneOf(what, 'overlap', given.overlap, ['skip', 'queue', 'cancelRunning']),
    queue: given.queue === undefined ? undefined : queueName(what, given.queue),
  };
  made.add(checked);
  return checked;
}
