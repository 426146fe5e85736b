import { beforeEach, describe, expect, it } from 'vitest';
import { memoryObjectStore, type ObjectStore, ObjectStoreError } from '@holdfast/core';
import {
  listBackups,
  listRecoveryPoints,
  publishPoint,
  pruneStore,
  type PruneOptions,
  type RecoveryPoint,
} from '@holdfast/backups';
import { forge } from '../support/forged.ts';
import { overriding } from '../support/overriding.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 0, 10);
let store: ObjectStore;
let points: RecoveryPoint[];

/** A night, of which each set has one backup more an hour later, of the same day. */
async function night(day: number): Promise<RecoveryPoint> {
  const at = NOW - day * DAY;
  const shop = await forge(store, at, 'restored', 'shop');
  const uploads = await forge(store, at + 1000, 'restored', 'uploads');
  for (const set of ['shop', 'uploads']) await forge(store, at + 3_600_000, 'restored', set);
  return publishPoint({ name: 'nightly', store, stages: [[shop], [uploads]] });
}

function prune(options: Partial<PruneOptions> = {}) {
  return pruneStore({ store, policy: { daily: 2 }, now: () => NOW, ...options });
}

async function listed(): Promise<string[]> {
  const { backups } = await listBackups(store, { now: () => NOW });
  return backups.map(({ manifest: { set, id } }) => `${set}/${id}`).toSorted();
}

function membersOf(some: readonly RecoveryPoint[]): string[] {
  return some.flatMap(({ members }) => members.map(({ set, id }) => `${set}/${id}`)).toSorted();
}

async function pointsLeft(): Promise<string[]> {
  const { points: left } = await listRecoveryPoints(store, { now: () => NOW });
  expect(left.map(({ isWhole }) => isWhole)).not.toContain(false);
  return left.map(({ point }) => point.id).toReversed();
}

beforeEach(async () => {
  store = memoryObjectStore({ name: 'primary' });
  points = [await night(4), await night(3), await night(2), await night(1)];
});

describe('retention', () => {
  it('removes no backup that a kept recovery point needs, and says so', async () => {
    const report = await prune();
    const kept = points.slice(2);
    expect(await pointsLeft()).toEqual(kept.map(({ id }) => id));
    expect(await listed()).toEqual(expect.arrayContaining(membersOf(kept)));
    // Two a set that the rule keeps, the newest of their days, and the two that points need.
    expect(report.kept).toHaveLength(8);
    const member = kept[0]?.members[0];
    const decision = report.kept.find(({ id }) => id === member?.id);
    expect(decision?.reasons).toEqual([`needed by the recovery point ${kept[0]?.id} of nightly`]);
    expect(report.points.removed).toMatchObject([
      { set: 'nightly', id: points[0]?.id, reasons: ['no rule has a slot for it'] },
      { id: points[1]?.id },
    ]);
    expect(report.removed).toHaveLength(8);
    expect((await prune()).removed).toEqual([]);
  });

  it('judges a point by all of its members, also where one set alone is pruned', async () => {
    await prune({ set: 'shop' });
    expect(await pointsLeft()).toEqual(points.slice(2).map(({ id }) => id));
    const left = await listed();
    expect(left.filter((one) => one.startsWith('uploads/'))).toHaveLength(8);
    expect(left.filter((one) => one.startsWith('shop/'))).toHaveLength(4);
    await prune({ set: 'uploads' });
    expect(await listed()).toHaveLength(8);
  });

  it('keeps a pinned point with all of its backups', async () => {
    const [first] = points as [RecoveryPoint];
    await prune({ policy: { daily: 2, pins: { [first.id]: 'before the migration' } } });
    expect(await pointsLeft()).toEqual([first.id, ...points.slice(2).map(({ id }) => id)]);
    expect(await listed()).toEqual(expect.arrayContaining(membersOf([first])));
  });

  it('only plans when it is to run dry', async () => {
    const before = await listed();
    const report = await prune({ dryRun: true });
    expect(report.points.removed).toHaveLength(2);
    expect(report.removed).toHaveLength(8);
    expect(await listed()).toEqual(before);
    expect(await pointsLeft()).toHaveLength(4);
  });

  const stubborn: [string, () => Partial<ObjectStore>][] = [
    [
      'cannot be removed',
      () => ({
        delete: (key) =>
          key.includes(points[0]!.id)
            ? Promise.reject(new ObjectStoreError('denied', 'Not this one.'))
            : store.delete(key),
      }),
    ],
    [
      'the store keeps',
      () => ({ retainedUntil: async (key) => (key.includes(points[0]!.id) ? NOW + DAY : 0) }),
    ],
  ];

  it.each(stubborn)('keeps the backups of a point that %s', async (_, methods) => {
    const { failures } = await prune({ store: overriding(store, methods()) });
    expect(failures).toMatchObject([{ set: 'nightly', id: points[0]?.id }]);
    expect(await pointsLeft()).toEqual([points[0]!, ...points.slice(2)].map(({ id }) => id));
    expect(await listed()).toEqual(expect.arrayContaining(membersOf(points.slice(0, 1))));
  });
});

describe('a prune that dies', () => {
  it('at any of its writes leaves no point without one of its backups', async () => {
    for (let step = 1; ; step++) {
      store = memoryObjectStore({ name: 'primary' });
      points = [await night(3), await night(2), await night(1)];
      const fate = { steps: 0 };
      const write = <T>(work: () => Promise<T>): Promise<T> => {
        fate.steps += 1;
        return fate.steps >= step ? Promise.reject(new Error('died')) : work();
      };
      const inner = store;
      const dying = overriding(inner, {
        put: (...args) => write(() => inner.put(...args)),
        delete: (...args) => write(() => inner.delete(...args)),
      });
      const end = await prune({ store: dying, policy: { daily: 1 } }).then(
        () => 'ended',
        () => 'died',
      );
      const left = await pointsLeft();
      expect(left).toEqual(expect.arrayContaining([points[2]?.id]));
      await prune({ policy: { daily: 1 } });
      expect(await pointsLeft()).toEqual([points[2]?.id]);
      if (end === 'ended') break;
      expect(step).toBeLessThan(200);
    }
  });
});
