import { optionsInvalid } from '../errors/errors.ts';
import { isFutureList } from '../future/future-list.ts';
import { isFuture } from '../future/task-future.ts';
import type { HookName } from '../model/run.ts';
import type { GivenOptions } from './definition.ts';

export const HOOKS: readonly HookName[] = [
  'onStart',
  'onSuccess',
  'onFailure',
  'onRetry',
  'onCancel',
  'onCrash',
  'onSkip',
  'onCommit',
  'onRollback',
];

const isText = (value: unknown): value is string => typeof value === 'string';
/** A text that every store keeps: what it refuses would take all others of its commit with it. */
const isKept = (value: unknown): boolean =>
  isText(value) && value.isWellFormed() && !value.includes('\0');
const isFunction = (value: unknown): boolean => typeof value === 'function';
const isListOf = (test: (value: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every(test);

interface OptionType {
  readonly wanted: string;
  readonly fits: (value: unknown) => boolean;
}

const A_FUNCTION: OptionType = { wanted: 'a function', fits: isFunction };
const A_FLAG: OptionType = {
  wanted: 'true or false',
  fits: (value) => typeof value === 'boolean',
};

/** What is wanted of an option. Numbers, durations and schemas are checked where they are read. */
const TYPES: { readonly [option: string]: OptionType } = {
  description: { wanted: 'a text', fits: isText },
  version: { wanted: 'a text that can be kept', fits: isKept },
  runName: {
    wanted: 'a text or a function',
    fits: (value) => isText(value) || isFunction(value),
  },
  tags: { wanted: 'a list of texts that can be kept', fits: isListOf(isKept) },
  durable: A_FLAG,
  refreshCache: A_FLAG,
  stopOnFailure: A_FLAG,
  waitFor: {
    wanted: 'a list of what submit() or map() gave',
    fits: isListOf((value) => isFuture(value) || isFutureList(value)),
  },
  ...Object.fromEntries(
    [...HOOKS, 'retryIf', 'key', 'stillValid'].map((option) => [option, A_FUNCTION]),
  ),
};

/**
 * Checks that options are of the types they are declared with: callers may write JavaScript.
 *
 * @throws `OPTIONS_INVALID`
 */
export function checkOptionTypes(what: string, options: GivenOptions): void {
  for (const [option, { wanted, fits }] of Object.entries(TYPES)) {
    const value = options[option];
    if (value === undefined || fits(value)) continue;
    throw optionsInvalid(what, `${option} must be ${wanted}`, `Give ${wanted}, or leave it out.`);
  }
}
