import { HoldfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import { shownValue } from '../errors/shown-value.ts';
import { durationMs, type Duration } from '../model/duration.ts';
import { backoffDelay, type Backoff } from './backoff.ts';

/** What a retry function or a `retryIf` is told. */
export interface RetryInfo {
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  /** Milliseconds since the run first started. */
  readonly elapsed: number;
}

/** When and how often a failed attempt is made again. */
export interface Retries {
  /** How many retries at most, beside the first attempt. */
  readonly limit: number;
  /** Wait before a retry: a duration, a list (the last repeats), or a function. Default 0. */
  readonly delay?: Duration | readonly Duration[] | ((info: RetryInfo) => Duration);
  /** `'exponential'` multiplies the delay by `factor` with each retry. Default `'fixed'`. */
  readonly backoff?: 'fixed' | 'exponential';
  /** Growth of an exponential backoff. Default 2. */
  readonly factor?: number;
  /** No wait is longer. Default one hour for an exponential backoff, else no bound. */
  readonly maxDelay?: Duration;
  /** Leaves part of each wait to chance: a fraction from 0 to 1, or true for 0.5. Default none. */
  readonly jitter?: boolean | number;
  /** No retry starts later than this after the run first started. Default no bound. */
  readonly maxElapsed?: Duration;
}

/** A retry policy, checked and filled with its defaults. */
export interface RetryPolicy {
  readonly limit: number;
  readonly backoff: Backoff;
  /** The author's function for the wait before a retry. */
  readonly delayOf?: (info: RetryInfo) => Duration;
  /** Milliseconds; Infinity: no bound. */
  readonly maxElapsed: number;
  /** The author's condition. */
  readonly retryIf?: (error: unknown, info: RetryInfo) => boolean;
}

/** Whether a failed attempt is made again, after `delay` milliseconds; `reason` says why not. */
export type RetryDecision =
  | { readonly retry: true; readonly delay: number }
  | {
      readonly retry: false;
      readonly reason: 'exhausted' | 'not-retryable' | 'too-late' | 'no-delay';
    };

const HOUR = 3_600_000;
const KNOWN: readonly string[] = [
  'limit',
  'delay',
  'backoff',
  'factor',
  'maxDelay',
  'jitter',
  'maxElapsed',
];

function wrong(what: string, problem: string): HoldfastError {
  return new HoldfastError('OPTIONS_INVALID', `${what}: ${problem}.`, {
    hint: "Give a number of retries, or { limit: 3, delay: '10s', backoff: 'exponential' }.",
    retryable: false,
  });
}

function isBetween(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most;
}

function backoffOf(retries: Retries, what: string): Backoff {
  const { delay = 0, backoff = 'fixed', factor = 2, jitter = 0 } = retries;
  if (backoff !== 'fixed' && backoff !== 'exponential') {
    throw wrong(what, `backoff must be 'fixed' or 'exponential', not ${shownValue(backoff)}`);
  }
  const fraction = typeof jitter === 'boolean' ? (jitter ? 0.5 : 0) : jitter;
  if (!isBetween(fraction, 0, 1)) throw wrong(what, 'jitter must lie between 0 and 1');
  if (!isBetween(factor, 1, Number.MAX_VALUE)) throw wrong(what, 'factor must be 1 or more');
  const exponential = backoff === 'exponential';
  const list = typeof delay === 'function' ? [0] : [delay].flat();
  if (list.length === 0) throw wrong(what, 'a list of delays needs at least one');
  const bound = exponential ? HOUR : Number.MAX_SAFE_INTEGER;
  return {
    delays: list.map((each) => durationMs(each, `${what}: delay`)),
    factor: exponential ? factor : 1,
    maxDelay:
      retries.maxDelay === undefined ? bound : durationMs(retries.maxDelay, `${what}: maxDelay`),
    jitter: fraction,
  };
}

/**
 * Checks retry options and fills in the defaults.
 *
 * @param what names the definition in errors
 * @throws `OPTIONS_INVALID`, `DURATION_INVALID`
 */
export function retryPolicy(
  retries: number | Retries | undefined,
  retryIf: RetryPolicy['retryIf'],
  what: string,
): RetryPolicy {
  const count = retries === undefined ? 0 : retries;
  const given: Retries = typeof count === 'object' && count !== null ? count : { limit: count };
  const { limit, delay } = given;
  const unknown = Object.keys(given).find((option) => !KNOWN.includes(option));
  if (unknown !== undefined) throw wrong(what, `retries has no option '${unknown}'`);
  if (!(Number.isInteger(limit) && limit >= 0) && limit !== Number.POSITIVE_INFINITY) {
    throw wrong(what, `the limit of retries must be a whole number, not ${String(limit)}`);
  }
  return {
    limit,
    backoff: backoffOf(given, what),
    ...(typeof delay === 'function' ? { delayOf: delay } : {}),
    maxElapsed:
      given.maxElapsed === undefined
        ? Number.POSITIVE_INFINITY
        : durationMs(given.maxElapsed, `${what}: maxElapsed`),
    ...(retryIf === undefined ? {} : { retryIf }),
  };
}

function refuses(policy: RetryPolicy, error: unknown, info: RetryInfo): boolean {
  if (isHoldfastError(error) && !error.retryable) return true;
  if (typeof error === 'object' && error !== null && 'retryable' in error && !error.retryable) {
    return true;
  }
  if (policy.retryIf === undefined) return false;
  try {
    return !policy.retryIf(error, info);
  } catch {
    // As users of Prefect know it: a condition that throws means no.
    return true;
  }
}

/** The wait before a retry; undefined when the author's function for it throws, or gives no duration. */
function waitBefore(policy: RetryPolicy, info: RetryInfo, random: number): number | undefined {
  const { backoff, delayOf } = policy;
  if (delayOf === undefined) return backoffDelay(backoff, info.attempt, random);
  try {
    const delays = [durationMs(delayOf(info), 'The delay of a retry')];
    return backoffDelay({ ...backoff, delays, factor: 1 }, 1, random);
  } catch {
    return undefined;
  }
}

/**
 * Decides about a failed attempt. A condition or a delay function that throws means no.
 *
 * @param random a number from 0 to below 1, for the jitter
 */
export function decideRetry(
  policy: RetryPolicy,
  error: unknown,
  info: RetryInfo,
  random: number,
): RetryDecision {
  if (info.attempt > policy.limit) return { retry: false, reason: 'exhausted' };
  if (refuses(policy, error, info)) return { retry: false, reason: 'not-retryable' };
  const delay = waitBefore(policy, info, random);
  if (delay === undefined) return { retry: false, reason: 'no-delay' };
  if (info.elapsed + delay > policy.maxElapsed) return { retry: false, reason: 'too-late' };
  return { retry: true, delay };
}

/**
 * A `retryIf` for one class of errors: `retryIf: whenError(PgError, (e) => e.sqlState === '40001')`.
 *
 * @param test further condition; default: any error of the class
 */
export function whenError<E extends Error>(
  type: abstract new (...args: never) => E,
  test: (error: E) => boolean = () => true,
): (error: unknown) => boolean {
  return (error) => error instanceof type && test(error);
}
