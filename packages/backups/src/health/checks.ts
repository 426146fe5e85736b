import { isAhead } from '../catalog/ahead.ts';
import { middle } from '../model/middle.ts';
import { spanText } from '../model/span-text.ts';
import type { Standing } from '../notify/standing.ts';
import type { CheckedLimits } from './limits.ts';
import type { SeenBackup, SeenSet } from './view.ts';

/** One thing that was looked at. */
export interface HealthCheck {
  readonly name:
    | 'stores'
    | 'age'
    | 'restorable'
    | 'restore-proven'
    | 'copies'
    | 'size'
    | 'clock'
    | 'objects';
  /** How the set stands by this alone. */
  readonly standing: Standing;
  /** What was found, as a clause: 'its newest backup is 3.0 hours old'. */
  readonly found: string;
}

type Check = (set: SeenSet, limits: CheckedLimits, now: number) => HealthCheck;

function check(name: HealthCheck['name'], standing: Standing, found: string): HealthCheck {
  return { name, standing, found };
}

function old(what: string, at: number, limit: number, now: number) {
  const age = Math.max(0, now - at);
  const isLate = age > limit;
  const against = isLate ? `, over its limit of ${spanText(limit)}` : '';
  return { isLate, found: `${what} is ${spanText(age)} old${against}` };
}

const stores: Check = ({ unreachable, backups }) => {
  const names = unreachable.map(({ store, error }) => `${store} (${error.code ?? 'Error'})`);
  if (names.length === 0) return check('stores', 'good', 'every store answered');
  const standing = backups.length === 0 ? 'failed' : 'degraded';
  return check('stores', standing, `no answer came from ${names.join(', ')}`);
};

const age: Check = ({ backups: [newest] }, { maxAge }, now) => {
  if (newest === undefined) return check('age', 'late', 'there is no backup of it');
  const { isLate, found } = old('its newest backup', newest.startedAt, maxAge, now);
  return check('age', isLate ? 'late' : 'good', found);
};

const restorable: Check = ({ backups }, { maxRestorableAge }, now) => {
  const newest = backups.find(({ isRestorable }) => isRestorable);
  if (newest === undefined)
    return check('restorable', 'late', 'none of its backups is proven restorable');
  const what = newest.isSampled
    ? 'its newest backup of which a sample is restorable'
    : 'its newest restorable backup';
  const { isLate, found } = old(what, newest.startedAt, maxRestorableAge, now);
  return check('restorable', isLate ? 'late' : 'good', found);
};

/** What a restore last proved, and when; a time that lies ahead says nothing. */
function lastRestore({ backups }: SeenSet, now: number) {
  const restores = backups.flatMap(({ isRestorable, isSampled, provenAt: at }) =>
    isRestorable && at !== null && !isAhead(at, now) ? [{ at, isSampled }] : [],
  );
  return restores.toSorted((a, b) => b.at - a.at)[0];
}

/** When a restore was last proven. */
export function restoreProvenAt(set: SeenSet, now: number): number | undefined {
  return lastRestore(set, now)?.at;
}

const restoreProven: Check = (set, { restoreProvenWithin }, now) => {
  const last = lastRestore(set, now);
  if (last === undefined) {
    return check('restore-proven', 'restore-unproven', 'no restore of it was ever proven');
  }
  const since = Math.max(0, now - last.at);
  const what = last.isSampled ? 'a restore of a sample' : 'a restore';
  const isLate = since > restoreProvenWithin;
  const against = isLate ? `, over its limit of ${spanText(restoreProvenWithin)}` : '';
  const found = `${what} was last proven ${spanText(since)} ago${against}`;
  return check('restore-proven', isLate ? 'restore-unproven' : 'good', found);
};

/**
 * The backup that has most copies among those that would do: restorable, and within their limit. A newer one may be on
 * its way to the other stores.
 */
export function bestCopied(
  { backups }: SeenSet,
  { maxRestorableAge }: CheckedLimits,
  now: number,
): SeenBackup | undefined {
  const would = backups.filter((one) => one.isRestorable);
  const within = would.filter(({ startedAt }) => now - startedAt <= maxRestorableAge);
  const [first, ...rest] = within.length === 0 ? would.slice(0, 1) : within;
  if (first === undefined) return undefined;
  return rest.reduce((best, one) => (one.stores.length > best.stores.length ? one : best), first);
}

const copies: Check = (set, limits, now) => {
  const count = bestCopied(set, limits, now)?.stores.length ?? 0;
  const standing = count >= limits.copies ? 'good' : 'degraded';
  const wanted = standing === 'good' ? '' : `, and should lie in ${limits.copies}`;
  const where = count === 1 ? '1 store' : `${count} stores`;
  return check('copies', standing, `a restorable backup lies in ${where}${wanted}`);
};

/** How many backups before the newest are its history, and how many there have to be. */
const HISTORY = 10;
const SHORTEST = 3;

const size: Check = ({ backups: [newest, ...before] }, { sizeFactor }) => {
  const history = before.filter(({ isRestorable }) => isRestorable).slice(0, HISTORY);
  const usual = middle(history.map(({ bytes }) => bytes));
  if (newest === undefined || history.length < SHORTEST) {
    return check('size', 'good', 'its history is too short to judge its size');
  }
  const found = `its newest backup has ${newest.bytes} bytes, those before about ${usual}`;
  const isOdd = newest.bytes * sizeFactor < usual || newest.bytes > usual * sizeFactor;
  return check('size', isOdd ? 'degraded' : 'good', found);
};

const clock: Check = ({ ahead }) => {
  if (ahead === 0) return check('clock', 'good', 'no backup is dated in the future');
  const what = ahead === 1 ? '1 backup is' : `${ahead} backups are`;
  return check('clock', 'degraded', `${what} dated in the future: a clock was wrong`);
};

const objects: Check = ({ problems: [first, ...more] }) => {
  if (first === undefined) return check('objects', 'good', 'no object is damaged or missing');
  const others = more.length === 0 ? '' : `, and ${more.length} more`;
  return check('objects', 'degraded', `${first.key} is damaged (${first.code})${others}`);
};

/** Everything that is looked at, in the order in which it is told. */
export const CHECKS: readonly Check[] = [
  stores,
  age,
  restorable,
  restoreProven,
  copies,
  size,
  clock,
  objects,
];
