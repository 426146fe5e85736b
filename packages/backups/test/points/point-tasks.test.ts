import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { flow, memoryObjectStore, type ObjectStore } from '@holdfast/core';
import { crashAtEveryStep } from '@holdfast/core/testing';
import {
  archiveRecoveryPoint,
  type ArchivePointInput,
  createBackup,
  listBackups,
  listRecoveryPoints,
  publishPoint,
  publishRecoveryPoint,
  type RecoveryPoint,
  restoreRecoveryPoint,
  type RestorePointInput,
} from '@holdfast/backups';
import { forge } from '../support/forged.ts';
import { rowsOf } from '../support/databases.ts';
import { testNight } from '../support/night.ts';
import { flipByte, keysOf, leftIn, testRooms } from '../support/rooms.ts';

const rooms = testRooms();
const night = testNight(rooms);
const bringBack = flow((input: RestorePointInput) => restoreRecoveryPoint(input), { name: 'back' });
const takeAway = flow((input: ArchivePointInput) => archiveRecoveryPoint(input), { name: 'away' });
const NIGHT = Date.UTC(2026, 0, 4, 1);
const DAY = 86_400_000;

/** A real backup of a database and of files, and their point. */
async function makePoint(): Promise<RecoveryPoint> {
  const { scratchRoot } = rooms;
  const store = night.primary;
  const at = { store, storeName: 'primary', scratchRoot };
  const orders = await createBackup({ source: night.orders(), ...at });
  const site = await createBackup({ source: night.site(), ...at });
  return publishPoint({ name: 'nightly', store, stages: [[orders], [site]] });
}

function targets() {
  return { orders: join(rooms.root, 'back', 'orders.db'), site: join(rooms.root, 'back', 'site') };
}

function restore(options: Partial<RestorePointInput> = {}) {
  const { scratchRoot } = rooms;
  const input = { name: 'nightly', from: 'primary', to: targets(), scratchRoot, ...options };
  return night.engine.run(bringBack, [input]);
}

describe('restoring a recovery point', () => {
  it('restores every member, databases first, from the newest that is whole', async () => {
    const point = await makePoint();
    const done = await restore();
    expect(done).toMatchObject({ id: point.id, restored: [{ set: 'orders' }, { set: 'site' }] });
    expect(rowsOf(targets().orders, 'orders')).toBe(200);
    expect(await readFile(join(targets().site, 'a.txt'), 'utf8')).toBe('content');
    expect(await leftIn(rooms.scratchRoot)).toEqual([]);
  });

  it('restores the one that is named, or the newest before a time', async () => {
    const first = await makePoint();
    const second = await makePoint();
    expect((await restore({ id: first.id })).id).toBe(first.id);
    expect((await restore({ overwrite: true, before: second.startedAt })).id).toBe(first.id);
    expect((await restore({ overwrite: true })).id).toBe(second.id);
    for (const which of [{ id: '20200101T000000Z-0123456789abcdef' }, { before: '2020-01-01' }]) {
      await expect(restore(which)).rejects.toMatchObject({ code: 'RECOVERY_POINT_MISSING' });
    }
  });

  it('restores nothing where one byte of any member is wrong', async () => {
    const point = await makePoint();
    const keys = await keysOf(night.primary, `site/`);
    const key = keys.find((one) => one.endsWith('.tar.zst')) ?? '';
    await flipByte(night.primary, key);
    await expect(restore({ id: point.id })).rejects.toMatchObject({
      code: 'RECOVERY_POINT_INCOMPLETE',
      context: { set: 'site', problem: 'ARTIFACT_ALTERED' },
    });
    expect(await leftIn(join(rooms.root, 'back'))).toEqual([]);
  });

  it('wants a place for each member, and for nothing else', async () => {
    await makePoint();
    const { orders, site } = targets();
    for (const to of [{ orders }, { orders, site, sites: site }]) {
      await expect(restore({ to })).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
    }
    expect(await leftIn(join(rooms.root, 'back'))).toEqual([]);
  });

  it('says what was restored where one cannot be', async () => {
    await makePoint();
    await mkdir(targets().site, { recursive: true });
    await writeFile(join(targets().site, 'mine'), 'mine');
    await expect(restore()).rejects.toMatchObject({
      code: 'RECOVERY_POINT_NOT_RESTORED',
      context: { failed: 'site', restored: [{ set: 'orders' }] },
      cause: { code: 'RESTORE_TARGET_NOT_EMPTY' },
    });
    expect(await readFile(join(targets().site, 'mine'), 'utf8')).toBe('mine');
  });

  it('takes limits for each restore', async () => {
    await makePoint();
    const refused = restore({ limits: ['unknown'] });
    await expect(refused).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
  });
});

describe('archiving a recovery point', () => {
  const input = { name: 'nightly', from: 'primary', to: 'vault' };

  it('copies all of its backups, then the point, which restores from there', async () => {
    const point = await makePoint();
    const done = await night.engine.run(takeAway, [{ ...input, id: point.id }]);
    expect(done.copies.map(({ set }) => set)).toEqual(['orders', 'site']);
    const { points } = await listRecoveryPoints(night.vault);
    expect(points).toMatchObject([{ point: { sha256: point.sha256 }, level: 'checksum' }]);
    expect((await restore({ from: 'vault' })).id).toBe(point.id);
  });

  it('leaves no point where a backup could not be copied', async () => {
    const point = await makePoint();
    const keys = await keysOf(night.primary, 'site/');
    await flipByte(night.primary, keys.find((one) => one.endsWith('.tar.zst')) ?? '');
    await expect(night.engine.run(takeAway, [{ ...input, id: point.id }])).rejects.toMatchObject({
      code: 'COPIES_TOO_FEW',
      cause: { code: 'ARTIFACT_ALTERED' },
    });
    expect(await keysOf(night.vault, 'recovery-points/')).toEqual([]);
  });

  it('keeps the point as long as its backups, also where it was there before', async () => {
    const point = await makePoint();
    await night.engine.run(takeAway, [{ ...input, id: point.id }]);
    const [key = ''] = await keysOf(night.vault, 'recovery-points/');
    expect(await night.vault.retainedUntil?.(key)).toBeUndefined();
    await night.engine.run(takeAway, [{ ...input, id: point.id, retainFor: '30d' }]);
    const keys = await keysOf(night.vault);
    const dates = await Promise.all(
      keys
        .filter((one) => !one.includes('/verifications/'))
        .map(async (one) => (await night.vault.retainedUntil?.(one)) ?? 0),
    );
    expect(dates.length).toBeGreaterThan(8);
    expect(Math.min(...dates)).toBeGreaterThan(Date.now() + 29 * DAY);
  });

  it('refuses a store that cannot keep it, before anything is copied', async () => {
    const point = await makePoint();
    Object.assign(night.vault, { properties: { ...night.vault.properties, retention: false } });
    const refused = night.engine.run(takeAway, [{ ...input, id: point.id, retainFor: '30d' }]);
    await expect(refused).rejects.toMatchObject({ code: 'RETENTION_UNSUPPORTED' });
    expect(await keysOf(night.vault)).toEqual([]);
  });

  it('takes limits for each copy', async () => {
    const point = await makePoint();
    const refused = night.engine.run(takeAway, [{ ...input, id: point.id, limits: ['unknown'] }]);
    await expect(refused).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
  });
});

/** Whatever the name of a store stands for just now. */
function standingFor(which: () => ObjectStore): ObjectStore {
  return new Proxy(memoryObjectStore(), {
    get: (_, name) => {
      const value: unknown = Reflect.get(which(), name, which());
      return typeof value === 'function' ? value.bind(which()) : value;
    },
  });
}

describe('a restore that is taken up again', () => {
  it('goes on with the same point, and restores no member again that was restored', async () => {
    const point = await makePoint();
    await mkdir(targets().site, { recursive: true });
    await writeFile(join(targets().site, 'mine'), 'mine');
    await expect(restore()).rejects.toMatchObject({ context: { failed: 'site' } });
    await rm(targets().site, { recursive: true });
    // A newer point has come meanwhile.
    await makePoint();
    const [run] = await night.engine.runs({ topLevel: true });
    const done = await (await night.engine.retry(run!.id)).result();
    expect(done).toMatchObject({ id: point.id, restored: [{ set: 'orders' }, { set: 'site' }] });
    // Nothing was moved aside, nor refused: the database was not restored once more.
    expect((await leftIn(join(rooms.root, 'back'))).toSorted()).toEqual(['orders.db', 'site']);
  });
});

describe('a process that dies', () => {
  let primary: ObjectStore;
  let vault: ObjectStore;

  async function prepare(): Promise<void> {
    primary = memoryObjectStore({ name: 'primary' });
    vault = memoryObjectStore({ name: 'vault' });
    await forge(primary, NIGHT, 'restored', 'shop');
    await forge(primary, NIGHT + 1000, 'restored', 'uploads');
  }

  it('leaves one whole point in each store, or none, and the next makes it whole', async () => {
    await prepare();
    const { backups } = await listBackups(primary);
    const members = backups
      .toReversed()
      .map(({ manifest: { set, id, sha256: manifestSha256 } }) => [{ set, id, manifestSha256 }]);
    const joined = flow(
      async () => {
        const { point } = await publishRecoveryPoint({
          name: 'nightly',
          store: 'primary',
          stages: members,
        });
        const from = 'primary';
        const { copies } = await archiveRecoveryPoint({
          name: 'nightly',
          id: point.id,
          from,
          to: 'vault',
        });
        return [point.id, copies.map(({ set }) => set)];
      },
      { name: 'joined' },
    );
    const { crashes } = await crashAtEveryStep(joined, {
      engine: {
        resources: { primary: standingFor(() => primary), vault: standingFor(() => vault) },
      },
      prepare,
      check: async () => {
        for (const store of [primary, vault]) {
          const { points } = await listRecoveryPoints(store);
          expect(points.map(({ isWhole }) => isWhole)).toEqual([true]);
        }
      },
    });
    expect(crashes).toBeGreaterThan(8);
  }, 60_000);
});
