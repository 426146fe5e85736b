import { optionsInvalid } from '../errors/errors.ts';
import { wholeNumber } from './whole-number.ts';

/** What is said of a group. */
export interface GroupOptions {
  /**
   * How many of the tasks and subflows that are called in it are under way at once, however they are called. Each keeps
   * its place from its first attempt to its end. Default: no bound but that of each `map`.
   */
  concurrency?: number;
}

const KNOWN: readonly string[] = ['concurrency'];

/**
 * Checks a group's name and options.
 *
 * @returns how many calls may be under way
 * @throws `OPTIONS_INVALID`
 */
export function checkGroup(name: unknown, options: unknown, body: unknown): number {
  if (typeof name !== 'string' || name.trim() === '' || !name.isWellFormed() || /\0/.test(name)) {
    throw optionsInvalid('A group', 'its name must be a text', "Write group('name', { … }, …).");
  }
  const what = `The group '${name}'`;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw optionsInvalid(what, 'its options must be an object', 'Write { concurrency: 4 }, or {}.');
  }
  const unknown = Object.keys(options).find((option) => !KNOWN.includes(option));
  if (unknown !== undefined) {
    const hint = `Options of a group: ${KNOWN.join(', ')}.`;
    throw optionsInvalid(what, `there is no option '${unknown}' for a group`, hint);
  }
  if (typeof body !== 'function') {
    throw optionsInvalid(what, 'it needs a function', "Write group('name', {}, async () => …).");
  }
  const { concurrency } = options as GroupOptions;
  return wholeNumber(what, 'concurrency', concurrency, 1, Number.POSITIVE_INFINITY);
}
