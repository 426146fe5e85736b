import { optionsInvalid } from '../errors/errors.ts';
import { shownValue } from '../errors/shown-value.ts';
import type { Duration } from '../model/duration.ts';
import type { GivenOptions } from './definition.ts';

/**
 * How much of something runs may use at once, over all engines of a store: a number of slots; or a rate, which lets
 * so many attempts begin within any span of that length.
 */
export type Limit = number | { readonly rate: number; readonly per: Duration };

/** A share of a limit that each attempt takes: its name alone stands for one slot. */
export type LimitUse = string | { readonly name: string; readonly slots?: number };

/** What a run does when a limit is reached. */
export type WhenLimited = 'wait' | 'refuse';

/** A share of a limit, with its default filled in. */
export interface LimitShare {
  readonly name: string;
  readonly slots: number;
}

/** Whether a text is one that every store keeps as a name. */
export function isKeepable(name: unknown): name is string {
  return typeof name === 'string' && name !== '' && name.isWellFormed() && !name.includes('\0');
}

function shareOf(what: string, use: unknown): LimitShare {
  const {
    name,
    slots = 1,
    ...rest
  } = (typeof use === 'object' ? { ...use } : { name: use }) as {
    readonly name?: unknown;
    readonly slots?: unknown;
  };
  if (!isKeepable(name) || Object.keys(rest).length > 0) {
    throw optionsInvalid(
      what,
      'limits must be a list of names, or of objects with name and slots',
      "Write limits: ['postgres', { name: 'api', slots: 2 }].",
    );
  }
  if (typeof slots === 'number' && Number.isSafeInteger(slots) && slots >= 1)
    return { name, slots };
  throw optionsInvalid(
    what,
    `of the limit '${name}' it wants ${shownValue(slots)} slots`,
    'Give a whole number from 1.',
  );
}

/**
 * Reads the option `limits`.
 *
 * @throws `OPTIONS_INVALID`
 */
export function limitShares(what: string, given: unknown): readonly LimitShare[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) {
    throw optionsInvalid(what, 'limits must be a list', "Write limits: ['postgres'].");
  }
  const shares = given.map((use: unknown) => shareOf(what, use));
  const twice = shares.find(({ name }, at) => shares.findIndex((each) => each.name === name) < at);
  if (twice === undefined) return shares;
  throw optionsInvalid(
    what,
    `it names the limit '${twice.name}' twice`,
    `Name it once: { name: '${twice.name}', slots: 2 }.`,
  );
}

/**
 * Reads the option `whenLimited`.
 *
 * @throws `OPTIONS_INVALID`
 */
export function whenLimited(what: string, options: GivenOptions): WhenLimited {
  const given = options['whenLimited'];
  if (given === undefined) return 'wait';
  if (given !== 'wait' && given !== 'refuse') {
    throw optionsInvalid(what, "whenLimited must be 'wait' or 'refuse'", 'Correct the option.');
  }
  if (options['limits'] === undefined && options['tags'] === undefined) {
    throw optionsInvalid(
      what,
      'whenLimited does nothing without limits or tags',
      "Say what limits it: limits: ['postgres'].",
    );
  }
  return given;
}
