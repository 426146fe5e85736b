import { type Duration, durationMs, HoldfastError } from '@holdfast/core';

/** What a healthy set keeps to. */
export interface HealthLimits {
  /** How old the newest backup may be, from the begin of its dump. Default '26h': a night, and two hours for the work. */
  readonly maxAge?: Duration;
  /** How old the newest backup that was proven by restoring it may be. Default: as `maxAge`. */
  readonly maxRestorableAge?: Duration;
  /** How long ago a restore may have been proven at most, of whichever backup. Default '7d'. */
  readonly restoreProvenWithin?: Duration;
  /** In how many of the stores a restorable backup within its limit has to lie. Default: in all that are asked. */
  readonly copies?: number;
  /** The newest backup is this many times smaller or larger than usual at most. Default 3; Infinity: as it may be. */
  readonly sizeFactor?: number;
}

/** Limits with the defaults in their places; durations in milliseconds. */
export interface CheckedLimits {
  readonly maxAge: number;
  readonly maxRestorableAge: number;
  readonly restoreProvenWithin: number;
  readonly copies: number;
  readonly sizeFactor: number;
}

function invalid(message: string): never {
  throw new HoldfastError('OPTIONS_INVALID', `The limits of a set's health: ${message}.`, {
    hint: 'See docs/guide/health.md.',
    retryable: false,
  });
}

/**
 * Checks limits.
 *
 * @param stores how many stores are asked
 * @throws `OPTIONS_INVALID`, `DURATION_INVALID`
 */
export function checkLimits(limits: HealthLimits, stores: number): CheckedLimits {
  const { maxAge = '26h', restoreProvenWithin = '7d', copies = stores, sizeFactor = 3 } = limits;
  if (!Number.isSafeInteger(copies) || copies < 1) invalid('copies must be a whole number from 1');
  if (copies > stores) invalid(`copies is ${copies}, of ${stores} stores`);
  if (!(sizeFactor > 1)) invalid('sizeFactor must be above 1');
  return {
    maxAge: durationMs(maxAge),
    maxRestorableAge: durationMs(limits.maxRestorableAge ?? maxAge),
    restoreProvenWithin: durationMs(restoreProvenWithin),
    copies,
    sizeFactor,
  };
}
