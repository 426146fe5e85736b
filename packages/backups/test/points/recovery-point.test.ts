import { beforeEach, describe, expect, it } from 'vitest';
import { memoryObjectStore, type ObjectStore } from '@holdfast/core';
import {
  latestPoint,
  listBackups,
  listRecoveryPoints,
  type Manifest,
  parsePoint,
  publishPoint,
  type RecoveryPoint,
} from '@holdfast/backups';
import { sealManifest, serialiseManifest } from '../../src/model/parse-manifest.ts';
import { forge } from '../support/forged.ts';
import { overriding } from '../support/overriding.ts';
import { bytesOf, flipByte, keysOf } from '../support/rooms.ts';

const NIGHT = Date.UTC(2026, 0, 9, 1);
const NOW = Date.UTC(2026, 0, 10);
let store: ObjectStore;
let shop: Manifest;
let uploads: Manifest;

function ref({ set, id, sha256: manifestSha256 }: Manifest) {
  return { set, id, manifestSha256 };
}

async function night(at = NIGHT) {
  const database = await forge(store, at, 'restored', 'shop');
  const files = await forge(store, at + 1000, 'restored', 'uploads');
  return { database, files };
}

function publish(stages = [[ref(shop)], [ref(uploads)]], into = store): Promise<RecoveryPoint> {
  return publishPoint({ name: 'nightly', store: into, stages });
}

function pointKeys(): Promise<string[]> {
  return keysOf(store, 'recovery-points/');
}

beforeEach(async () => {
  store = memoryObjectStore({ name: 'primary' });
  ({ database: shop, files: uploads } = await night());
});

describe('a recovery point', () => {
  it('names each member with its manifest, its times and its order', async () => {
    const point = await publish();
    expect(point.members).toMatchObject([
      { ...ref(shop), source: { kind: 'sqlite', name: 'shop' }, order: 1 },
      { ...ref(uploads), order: 2, startedAt: uploads.startedAt, endedAt: uploads.endedAt },
    ]);
    expect(point).toMatchObject({ startedAt: shop.startedAt, endedAt: uploads.endedAt });
    const [key = ''] = await pointKeys();
    expect(key).toBe(`recovery-points/nightly/2026/01/${point.id}.json`);
    expect(parsePoint((await bytesOf(store, key)).toString(), key)).toEqual(point);
  });

  it('is written last, after its members were looked at, if absent', async () => {
    const writes: [string, boolean | undefined][] = [];
    const watched = overriding(store, {
      put: (key, body, options) => {
        writes.push([key, options?.ifAbsent]);
        return store.put(key, body, options);
      },
    });
    await publish(undefined, watched);
    expect(writes).toEqual([[(await pointKeys())[0], true]]);
  });

  it('is the same however often it is published, and whoever was first', async () => {
    const first = await publish();
    await publishPoint({ name: 'nightly', store, stages: [[shop], [uploads]], runId: 'other' });
    expect(await pointKeys()).toHaveLength(1);
    expect((await listRecoveryPoints(store)).points[0]?.point).toEqual(first);
  });

  it('stands where two publish it at once', async () => {
    const points = await Promise.all([publish(), publish()]);
    expect(points[0]).toEqual(points[1]);
    expect(await pointKeys()).toHaveLength(1);
  });

  it('is no backup to the catalog', async () => {
    await publish();
    const { backups, problems } = await listBackups(store);
    expect(backups.map(({ manifest }) => manifest.set)).toEqual(['uploads', 'shop']);
    expect(problems).toEqual([]);
  });

  it('keeps its place where its lease is lost', async () => {
    const beforePublish = () => Promise.reject(new Error('lost'));
    const refused = publishPoint({ name: 'n', store, stages: [[ref(shop)]], beforePublish });
    await expect(refused).rejects.toThrow('lost');
    expect(await pointKeys()).toEqual([]);
  });
});

describe('no recovery point is made of', () => {
  const damages: [string, string, () => Promise<unknown>][] = [
    ['a member that is gone', 'BACKUP_MISSING', () => store.delete(manifestKey())],
    ['one whose object is gone', 'OBJECT_MISSING', () => store.delete(artifactKey())],
    ['one that is cut', 'ARTIFACT_ALTERED', () => store.put(artifactKey(), Buffer.from('cut'))],
    ['one with an altered manifest', 'MANIFEST_ALTERED', () => flipDigit(manifestKey())],
    ['one whose manifest was replaced', 'MANIFEST_ALTERED', () => replaced()],
  ];

  it.each(damages)('%s', async (_, problem, damage) => {
    const stages = [[ref(shop)], [ref(uploads)]];
    await damage();
    await expect(publish(stages)).rejects.toMatchObject({
      code: 'RECOVERY_POINT_INCOMPLETE',
      context: { set: 'uploads', problem },
    });
    expect(await pointKeys()).toEqual([]);
  });

  it('files that were read before the databases were dumped', async () => {
    await expect(publish([[ref(uploads)], [ref(shop)]])).rejects.toMatchObject({
      code: 'RECOVERY_POINT_DISORDERED',
      context: { early: 'uploads', late: 'shop' },
    });
    await expect(publish([[ref(uploads), ref(shop)]])).resolves.toBeDefined();
  });

  it('nothing, an empty stage, or two backups of a set', async () => {
    const older = (await night(NIGHT - 86_400_000)).database;
    for (const stages of [[], [[]], [[ref(shop)], []], [[ref(shop), ref(older)]]]) {
      await expect(publish(stages)).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
    }
    const named = publishPoint({ name: 'a b', store, stages: [[ref(shop)]] });
    await expect(named).rejects.toMatchObject({ code: 'BACKUP_NAME_INVALID' });
  });
});

describe('the catalog of recovery points', () => {
  it('lists the newest first, with what is proven of all members', async () => {
    const first = await publish();
    const next = await night(NIGHT + 3_600_000);
    await forge(store, NIGHT + 3_601_000, 'checksum', 'uploads');
    const second = await publish([[ref(next.database)], [ref(next.files)]]);
    const { points } = await listRecoveryPoints(store, { now: () => NOW });
    expect(points.map(({ point, isWhole }) => [point.id, isWhole])).toEqual([
      [second.id, true],
      [first.id, true],
    ]);
    expect(points.map(({ level }) => level)).toEqual(['restored', 'restored']);
    const found = await latestPoint(store, { name: 'nightly', before: new Date(NIGHT + 1) });
    expect(found?.point.id).toBe(first.id);
    expect(await latestPoint(store, { name: 'other' })).toBeUndefined();
  });

  it('tells the least that is proven', async () => {
    const files = await forge(store, NIGHT + 5000, 'checksum', 'uploads');
    await publish([[ref(shop)], [ref(files)]]);
    expect((await listRecoveryPoints(store)).points[0]?.level).toBe('checksum');
  });

  const damages: [string, () => Promise<unknown>][] = [
    ['gone', () => store.delete(manifestKey())],
    ['cut', () => store.put(artifactKey(), Buffer.from('cut'))],
    ['another', () => replaced()],
  ];

  it.each(damages)('does not call a point whole of which a member is %s', async (_, damage) => {
    await publish();
    await damage();
    const { points } = await listRecoveryPoints(store);
    expect(points).toMatchObject([{ isWhole: false, level: null }]);
    expect(await latestPoint(store, { name: 'nightly' })).toBeUndefined();
  });

  it('tells of points that are altered, moved, cut or of a later version', async () => {
    const point = await publish();
    const [key = ''] = await pointKeys();
    const moved = key.replace('/nightly/', '/other/');
    await store.put(moved, await bytesOf(store, key));
    await flipByte(store, key);
    const { points, problems } = await listRecoveryPoints(store);
    expect(points).toEqual([]);
    expect(problems.map(({ code }) => code).toSorted()).toEqual([
      'RECOVERY_POINT_ALTERED',
      'RECOVERY_POINT_INVALID',
    ]);
    expect(() => parsePoint('{', key)).toThrow(
      expect.objectContaining({ code: 'RECOVERY_POINT_INVALID' }),
    );
    expect(point.id).toMatch(/^20260109T010000Z-/);
  });

  it('overwrites no damaged point', async () => {
    await publish();
    const [key = ''] = await pointKeys();
    await flipByte(store, key);
    const before = await bytesOf(store, key);
    await expect(publish()).rejects.toMatchObject({
      code: expect.stringMatching('RECOVERY_POINT_'),
    });
    expect(await bytesOf(store, key)).toEqual(before);
  });
});

function folderOf({ set, id }: Manifest): string {
  return `${set}/2026/01/${id}/`;
}

function manifestKey(): string {
  return `${folderOf(uploads)}manifest.json`;
}

function artifactKey(): string {
  return `${folderOf(uploads)}b.sqlite`;
}

async function flipDigit(key: string): Promise<void> {
  const text = (await bytesOf(store, key)).toString();
  await store.put(key, Buffer.from(text.replace('"plainBytes": 2', '"plainBytes": 3')));
}

/** Puts a sound manifest of other content under the same name. */
async function replaced(): Promise<void> {
  const { sha256: _, ...fields } = uploads;
  const sealed = sealManifest({ ...fields, warnings: ['another'] });
  await store.put(manifestKey(), Buffer.from(serialiseManifest(sealed)));
}
