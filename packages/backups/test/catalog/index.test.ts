import { beforeEach, describe, expect, it } from 'vitest';
import { memoryObjectStore, type ObjectStore, ObjectStoreError } from '@holdfast/core';
import { type IndexedQuery, listBackups, listIndexed } from '@holdfast/backups';
import { keepRecord } from '../../src/verify/record.ts';
import { forge } from '../support/forged.ts';
import { overriding } from '../support/overriding.ts';
import { bytesOf, flipByte, keysOf } from '../support/rooms.ts';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-11-23T20:00:00.000Z');
const INDEX = 'orders/catalog.ndjson.zst';

let store: ObjectStore;
/** Keys that were read. */
let read: string[];

beforeEach(async () => {
  const inner = memoryObjectStore({ name: 'primary' });
  read = [];
  store = overriding(inner, {
    get: (key, options) => {
      read.push(key);
      return inner.get(key, options);
    },
  });
  for (const hours of [1, 2, 3]) await forge(store, NOW - hours * HOUR);
});

const now = () => NOW;

async function indexed(query: IndexedQuery = {}) {
  read = [];
  const { indexes, ...catalog } = await listIndexed(store, { now, ...query });
  const reads = [...read];
  const { backups, ...plain } = await listBackups(store, { now, ...query });
  return { indexes, catalog, reads, plain: { ...plain, backups } };
}

/** What is found by way of the index is what is found without it; gives how the index was used. */
async function agrees(query: IndexedQuery = {}) {
  const { indexes, catalog, reads, plain } = await indexed(query);
  expect(catalog).toEqual(plain);
  return { use: indexes[0], indexes, reads };
}

describe('a catalog by way of its index', () => {
  it('is that of the store: made where there is none, then read alone', async () => {
    expect((await agrees()).use).toEqual({ set: 'orders', fault: 'missing', read: 3 });
    const { use, reads } = await agrees();
    expect(use).toEqual({ set: 'orders', read: 0 });
    expect(reads).toEqual([INDEX]);
  });

  it('reads what has come, and forgets what is gone', async () => {
    await agrees();
    await forge(store, NOW);
    const { use, reads } = await agrees();
    expect(use).toEqual({ set: 'orders', read: 1 });
    expect(reads).toHaveLength(3);
    for (const key of await keysOf(store, 'orders/2026/11/20261123T17')) await store.delete(key);
    expect((await agrees()).use).toEqual({ set: 'orders', read: 0 });
    const unchecked = await listIndexed(store, { set: 'orders', check: false });
    expect(unchecked.backups).toHaveLength(3);
  });

  it('sees a verification that has come, an object that was cut, and one that is gone', async () => {
    await agrees();
    const [newest, middle, oldest] = (await listBackups(store)).backups;
    await keepRecord({
      backup: newest!.manifest,
      store,
      level: 'restored',
      startedAt: NOW,
      endedAt: NOW,
      examination: { reached: null, compared: { objects: 0, storedBytes: 0, plainBytes: 0 } },
      problem: { code: 'OBJECT_MISSING', message: 'gone' },
    });
    expect((await agrees()).use?.read).toBe(1);
    await store.put(`${middle!.path}a.sqlite`, Buffer.from('cut'));
    await store.delete(`${oldest!.path}b.sqlite`);
    const { catalog } = await indexed();
    expect(catalog.problems.map(({ code }) => code).toSorted()).toEqual([
      'ARTIFACT_ALTERED',
      'OBJECT_MISSING',
    ]);
    expect(catalog.backups.map(({ proof }) => proof.level)).toEqual([null, null, null]);
    // What is damaged is looked at each time.
    expect((await agrees()).use?.read).toBe(2);
    expect((await agrees()).use?.read).toBe(2);
  });

  it('judges proofs as of now, not as of when it was written', async () => {
    await forge(store, NOW + 48 * HOUR);
    await agrees();
    expect((await agrees({ now: () => NOW + 72 * HOUR })).use?.read).toBe(0);
  });

  it('tells removals and damaged manifests, too', async () => {
    const [first, second] = (await listBackups(store)).backups;
    const manifest = `${first!.path}manifest.json`;
    await store.put(`${first!.path}removing.json`, await bytesOf(store, manifest));
    await store.delete(manifest);
    await flipByte(store, `${second!.path}manifest.json`);
    await agrees();
    await agrees();
    const { catalog } = await indexed();
    expect(catalog.removals).toHaveLength(1);
    expect(catalog.problems).toMatchObject([{ code: 'MANIFEST_ALTERED' }]);
  });

  it('has an index for each set, and leaves those of others alone', async () => {
    await forge(store, NOW, 'restored', 'site');
    const { indexes } = await agrees();
    expect(indexes.map(({ set }) => set)).toEqual(['orders', 'site']);
    await agrees({ set: 'site' });
    expect((await agrees()).indexes.map((one) => one.read)).toEqual([0, 0]);
  });

  it.each([
    ['cut', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2), 'damaged'],
    ['emptied', () => Buffer.alloc(0), 'damaged'],
    ['replaced', () => Buffer.from('something else'), 'damaged'],
  ])('makes it anew when it was %s', async (_, change, fault) => {
    await agrees();
    await store.put(INDEX, change(await bytesOf(store, INDEX)));
    expect((await agrees()).use).toEqual({ set: 'orders', fault, read: 3 });
    expect((await agrees()).use).toEqual({ set: 'orders', read: 0 });
  });

  it('finds every flipped byte of it', async () => {
    await agrees();
    const whole = await bytesOf(store, INDEX);
    for (let at = 0; at < whole.length; at += 7) {
      const flipped = Buffer.from(whole);
      flipped[at] = (flipped[at] ?? 0) ^ 0x10;
      await store.put(INDEX, flipped);
      const { indexes } = await listIndexed(store, { now });
      const isSame = indexes[0]?.fault === undefined;
      // Bytes of the compressed frame that say nothing may change; what was in it may not.
      if (isSame) await agrees();
      else expect(indexes[0]).toMatchObject({ read: 3 });
    }
  });

  it('is taken as it is where that is asked for, and named is a set', async () => {
    await agrees();
    await forge(store, NOW);
    const stale = await listIndexed(store, { set: 'orders', check: false });
    expect(stale.backups).toHaveLength(3);
    await store.delete(INDEX);
    const fresh = await listIndexed(store, { set: 'orders', check: false });
    expect(fresh.backups).toHaveLength(4);
    await expect(listIndexed(store, { check: false })).rejects.toMatchObject({
      code: 'OPTIONS_INVALID',
    });
  });

  it('is right also where no index can be written', async () => {
    const put = () => Promise.reject(new ObjectStoreError('denied', 'read only'));
    store = overriding(store, { put });
    const { use } = await agrees();
    expect(use).toEqual({
      set: 'orders',
      fault: 'missing',
      read: 3,
      unwritten: 'OBJECT_STORE_DENIED',
    });
  });

  it('fails where the store fails', async () => {
    await agrees();
    const gone = overriding(store, {
      get: () => {
        throw new ObjectStoreError('unavailable', 'gone');
      },
    });
    await expect(listIndexed(gone)).rejects.toMatchObject({ code: 'OBJECT_STORE_UNAVAILABLE' });
    await expect(listBackups(gone)).rejects.toMatchObject({ code: 'OBJECT_STORE_UNAVAILABLE' });
  });
});
