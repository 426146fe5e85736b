import { HoldfastError } from '@holdfast/core';
import type { ValueFingerprint, ValueParts } from '../../model/fingerprint.ts';
import type { Difference } from '../source.ts';
import type { Workroom } from '../workroom.ts';
import { RedisConnection, type RedisPlace } from './connection.ts';
import type { RedisState } from './keyspace.ts';
import { differingParts, PartKeys, partOf, partsFor } from './parts.ts';
import { redisUrl } from './redis-cli.ts';
import { listOf, textOf } from './resp.ts';
import { hashValue } from './value-hash.ts';

/** How many keys are asked for at once, and how many values. */
const KEYS = 500;
const VALUES = 32;

const HOUR = 3_600_000;
/**
 * Keys that expire are compared apart, by how much later than the dump: a copy of some days later can show only those that
 * are still there. The first hour is left out, as some of them go while they are read.
 */
const BOUNDS = [1, 24, 7 * 24, 30 * 24].map((hours) => hours * HOUR);

/** A command since 7.0 tells when a key expires; the version before has no other that is exact. */
const LEAST_MAJOR = 7;

function windowOf(expiresAt: number, bounds: readonly number[]): number | undefined {
  if (expiresAt < 0) return 0;
  const window = bounds.filter((bound) => expiresAt >= bound).length;
  return window === 0 ? undefined : window;
}

async function timeOf(redis: RedisConnection): Promise<number> {
  const [seconds, micros] = listOf(await redis.ask('TIME'));
  return Number(textOf(seconds)) * 1000 + Math.floor(Number(textOf(micros)) / 1000);
}

/** Reads one database: the keys of each window. */
async function readDatabase(
  redis: RedisConnection,
  db: number,
  parts: number,
  bounds: readonly number[],
): Promise<ReadonlyMap<number, PartKeys>> {
  const windows = new Map<number, PartKeys>();
  const read = async (name: Buffer): Promise<void> => {
    const [type, expiresAt] = await Promise.all([
      redis.ask('TYPE', name),
      redis.ask('PEXPIRETIME', name),
    ]);
    const window = windowOf(Number(expiresAt), bounds);
    if (textOf(type) === 'none' || window === undefined) return;
    const keys = windows.get(window) ?? new PartKeys(parts);
    windows.set(window, keys);
    keys.add(name, await hashValue(redis, name, textOf(type), Number(expiresAt)));
  };
  await redis.ask('SELECT', String(db));
  let cursor = '0';
  do {
    const [next, found] = (await redis.ask('SCAN', cursor, 'COUNT', String(KEYS))) as [
      Buffer,
      Buffer[],
    ];
    for (let at = 0; at < found.length; at += VALUES) {
      await Promise.all(found.slice(at, at + VALUES).map(read));
    }
    cursor = textOf(next);
  } while (cursor !== '0');
  return windows;
}

/** Reads all values; `changed` is looked at when they have been read. */
async function readAll(
  redis: RedisConnection,
  state: RedisState,
  shape: Pick<ValueFingerprint, 'parts' | 'bounds'>,
  changed: () => Promise<ReadonlySet<number>>,
): Promise<readonly ValueParts[]> {
  const read: [number, number, PartKeys][] = [];
  for (const what of Object.keys(state.counts)) {
    const db = /^keys in db(\d+)$/.exec(what)?.[1];
    if (db === undefined) continue;
    const windows = await readDatabase(redis, Number(db), shape.parts, shape.bounds);
    for (const [window, keys] of windows) read.push([Number(db), window, keys]);
  }
  const out = await changed();
  return read.map(([db, window, keys]) => ({ db, window, hashes: keys.digest(out) }));
}

/**
 * Watches a server while it is dumped, and reads its values: the dump's moment is somewhere in between. The server tells of
 * every key that is written to, and these are left out. So what is compared is what the source held all the time.
 */
export class ValueWatch {
  readonly #redis: RedisConnection;
  readonly #parts: number;
  readonly #changed = new Set<number>();
  /** How often the server told of a key: more keys have not come or gone. */
  told = 0;

  private constructor(redis: RedisConnection, keys: number) {
    this.#redis = redis;
    this.#parts = partsFor(keys);
    redis.onPush = ({ items: [kind, names = null] }) => {
      if (textOf(kind) !== 'invalidate') return;
      // Without names everything was thrown away.
      if (!Array.isArray(names)) this.#changeAll();
      for (const name of listOf(names)) this.#change(name as Buffer);
    };
  }

  /** @throws `SOURCE_UNREACHABLE`, `SOURCE_LOGIN_REFUSED`, `SOURCE_INVALID` the server is too old for it */
  static async begin(place: RedisPlace, state: RedisState, room: Workroom): Promise<ValueWatch> {
    if (Number.parseInt(state.version, 10) < LEAST_MAJOR) {
      throw new HoldfastError(
        'SOURCE_INVALID',
        `${redisUrl(place)} is of version ${state.version}: its values cannot be compared.`,
        {
          hint: 'Leave out `checksums`, or take a server of version 7 or later.',
          retryable: false,
          context: { version: state.version },
        },
      );
    }
    const keys = Object.entries(state.counts).reduce(
      (sum, [what, count]) => sum + (/^keys in db\d+$/.test(what) ? count : 0),
      0,
    );
    const redis = await RedisConnection.open(place, room);
    try {
      const watch = new ValueWatch(redis, keys);
      await redis.ask('CLIENT', 'TRACKING', 'ON', 'BCAST');
      return watch;
    } catch (error) {
      redis.close();
      throw error;
    }
  }

  /** Reads the values, after the dump. */
  async read(state: RedisState): Promise<ValueFingerprint> {
    const parts = this.#parts;
    const began = await timeOf(this.#redis);
    const bounds = BOUNDS.map((bound) => began + bound);
    const values = await readAll(this.#redis, state, { parts, bounds }, async () => {
      // What is told of a write comes before the answer to what is asked after it.
      await this.#redis.ask('PING');
      return this.#changed;
    });
    const changed = [...this.#changed].toSorted((a, b) => a - b);
    return { parts, changed, bounds, values };
  }

  close(): void {
    this.#redis.close();
  }

  #change(name: Buffer): void {
    this.told += 1;
    this.#changed.add(partOf(name, this.#parts));
  }

  #changeAll(): void {
    this.told = Infinity;
    for (let part = 0; part < this.#parts; part++) this.#changed.add(part);
  }
}

function described(db: number, window: number, bounds: readonly number[]): string {
  if (window === 0) return `values in db${db}`;
  return `values in db${db} that expire after ${new Date(bounds[window - 1] ?? 0).toISOString()}`;
}

/** Compares the values that a loaded copy holds with what is known of the source's. */
export async function compareValues(
  expected: ValueFingerprint,
  copy: { readonly place: RedisPlace; readonly state: RedisState },
  room: Workroom,
): Promise<Difference[]> {
  const { parts, bounds } = expected;
  const out = new Set(expected.changed);
  const redis = await RedisConnection.open(copy.place, room);
  try {
    const found = await readAll(redis, copy.state, expected, () => Promise.resolve(out));
    const now = await timeOf(redis);
    const both = [...expected.values, ...found].map(({ db, window }) => `${db} ${window}`);
    return [...new Set(both)].flatMap((key) => {
      const [db = 0, window = 0] = key.split(' ').map(Number);
      const from = bounds[window - 1];
      // What was to expire by now cannot be read any more.
      if (from !== undefined && from <= now) return [];
      const hashesIn = (values: readonly ValueParts[]): string | undefined =>
        values.find((one) => one.db === db && one.window === window)?.hashes;
      const differing = differingParts(parts, hashesIn(expected.values), hashesIn(found));
      if (differing === 0) return [];
      return [
        {
          what: described(db, window, bounds),
          expected: `the same in ${parts - out.size} parts that did not change`,
          found: `${differing} that differ`,
        },
      ];
    });
  } finally {
    redis.close();
  }
}
