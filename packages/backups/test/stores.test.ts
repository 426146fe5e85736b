import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HoldfastError, memoryObjectStore, type ObjectStore } from '@holdfast/core';
import {
  createBackup,
  type DumpFacts,
  type DumpStream,
  latestBackup,
  listBackups,
  type Source,
  type SourceSpec,
  sourceOfKind,
  sqliteSource,
  verifyBackup,
  type Workroom,
} from '@holdfast/backups';
import { localObjectStore } from '@holdfast/storage/local';
import { makeOrders } from './support/databases.ts';
import { asNobody } from './support/nobody.ts';
import { overriding } from './support/overriding.ts';
import { keysOf, leftIn, testRooms } from './support/rooms.ts';

const rooms = testRooms();

function create(store: ObjectStore, options: object = {}) {
  const source = sqliteSource({ name: 'orders', path: join(rooms.root, 'orders.db') });
  const { scratchRoot } = rooms;
  return createBackup({ source, store, storeName: 'primary', scratchRoot, ...options });
}

/** A store of which one method fails. */
function broken(store: ObjectStore, name: string, fail: () => never): ObjectStore {
  const put: ObjectStore['put'] = (key, ...rest) =>
    key.endsWith(name) ? fail() : store.put(key, ...rest);
  return overriding(store, { put });
}

/** A source that gives random bytes, as many as it is told, and then may fail. */
function noise(bytes: number, failure?: Error): Source {
  async function* stream(): AsyncGenerator<Uint8Array, void, void> {
    for (let left = bytes; left > 0; left -= 65_536) {
      yield await Promise.resolve(crypto.getRandomValues(new Uint8Array(65_536)));
    }
    if (failure !== undefined) throw failure;
  }
  async function* dump(): AsyncGenerator<DumpStream, DumpFacts, void> {
    yield { plainName: 'noise.bin', layers: ['zstd'], bytes: stream() };
    return {
      fingerprint: {
        kind: 'database',
        schemaSha256: '0'.repeat(64),
        tables: [],
        foreignKeyViolations: 0,
      },
      tools: [],
      warnings: [],
      changed: { count: 0, names: [] },
      vanished: { count: 0, names: [] },
    };
  }
  return { ...(sourceOfKind('sqlite') as Source), kind: 'noise', identity: () => ({}), dump };
}

async function* needsProgram(
  _spec: SourceSpec,
  room: Workroom,
): AsyncGenerator<DumpStream, DumpFacts, void> {
  const child = await room.startChild('holdfast-no-such-program', { signal: room.signal });
  yield { plainName: 'x', layers: [], bytes: child.stdout as AsyncIterable<Uint8Array> };
  throw new Error('it should not come this far');
}

const spec: SourceSpec = { kind: 'noise', name: 'noise' };

describe('a store that fails', () => {
  it('full half way: a coded error, nothing published, earlier backups untouched', async () => {
    makeOrders(join(rooms.root, 'orders.db'));
    const store = memoryObjectStore({ capacity: 3_000_000 });
    const earlier = await create(store);
    const before = await keysOf(store);
    const made = create(store, { source: spec, sources: [noise(8_000_000)] });
    await expect(made).rejects.toMatchObject({ code: 'OBJECT_STORE_FULL' });
    expect(await keysOf(store)).toEqual(before);
    expect((await listBackups(store)).backups).toHaveLength(1);
    await verifyBackup({ backup: earlier, store, scratchRoot: rooms.scratchRoot });
    expect(await leftIn(rooms.scratchRoot)).toEqual([]);
  });

  it('too small from the start: nothing is written at all', async () => {
    const path = join(rooms.root, 'orders.db');
    makeOrders(path, 20_000);
    const store = memoryObjectStore({ capacity: 1000 });
    await expect(create(store)).rejects.toMatchObject({ code: 'STORE_TOO_SMALL' });
    expect(await keysOf(store)).toEqual([]);
  });

  it.each(['orders.sqlite.zst', 'RESTORE.md', 'SHA256SUMS', 'manifest.json'])(
    'unwritable at %s: a coded error, and no backup',
    async (name) => {
      makeOrders(join(rooms.root, 'orders.db'));
      const whole = memoryObjectStore();
      const store = broken(whole, name, () => {
        throw new HoldfastError('OBJECT_STORE_DENIED', 'no right to write', { retryable: false });
      });
      await expect(create(store)).rejects.toMatchObject({ code: 'OBJECT_STORE_DENIED' });
      expect((await listBackups(whole)).backups).toEqual([]);
      expect((await keysOf(whole)).some((key) => key.endsWith('manifest.json'))).toBe(false);
    },
  );

  it('keeps nothing of a source that fails after its last byte', async () => {
    const failure = new HoldfastError('TOOL_FAILED', 'pg_dump failed with exit code 1');
    const store = memoryObjectStore();
    const made = create(store, { source: spec, sources: [noise(3_000_000, failure)] });
    await expect(made).rejects.toBe(failure);
    expect(await keysOf(store)).toEqual([]);
  });

  it('keeps nothing when a program that a source needs is missing', async () => {
    const store = memoryObjectStore();
    const made = create(store, { source: spec, sources: [{ ...noise(1), dump: needsProgram }] });
    await expect(made).rejects.toMatchObject({ code: 'TOOL_MISSING', retryable: false });
    expect(await keysOf(store)).toEqual([]);
  });

  it('a directory without the right to write: a coded error', async () => {
    makeOrders(join(rooms.root, 'orders.db'));
    await mkdir(join(rooms.root, 'store'), { mode: 0o555 });
    await chmod(rooms.root, 0o777);
    await chmod(join(rooms.root, 'orders.db'), 0o666);
    const store = localObjectStore(join(rooms.root, 'store'));
    await asNobody(async () => {
      await expect(create(store)).rejects.toMatchObject({ code: 'OBJECT_STORE_DENIED' });
      expect((await listBackups(store)).backups).toEqual([]);
    });
  });

  it('publishes nothing for a holder that lost its lease', async () => {
    makeOrders(join(rooms.root, 'orders.db'));
    const store = memoryObjectStore();
    const lost = new HoldfastError('LEASE_LOST', 'another process took over');
    const made = create(store, { beforePublish: () => Promise.reject(lost) });
    await expect(made).rejects.toBe(lost);
    expect(await keysOf(store)).toEqual([]);
  });

  it('gives every attempt a folder of its own', async () => {
    makeOrders(join(rooms.root, 'orders.db'));
    const store = memoryObjectStore();
    const now = () => Date.UTC(2026, 10, 23, 18, 11, 42);
    const both = await Promise.all([create(store, { now }), create(store, { now })]);
    expect(new Set(both.map(({ path }) => path)).size).toBe(2);
    expect(both[0].path).toMatch(/^orders\/2026\/11\/20261123T181142Z-[0-9a-f]{16}\/$/);
    const { backups } = await listBackups(store, { set: 'orders' });
    expect(backups).toHaveLength(2);
  });

  it('gives the latest, and the latest before a time', async () => {
    makeOrders(join(rooms.root, 'orders.db'));
    const store = memoryObjectStore();
    const first = await create(store, { now: () => Date.UTC(2026, 0, 1) });
    const second = await create(store, { now: () => Date.UTC(2026, 1, 1) });
    const query = { set: 'orders' };
    expect((await latestBackup(store, query))?.manifest.id).toBe(second.id);
    const before = new Date(Date.UTC(2026, 1, 1));
    expect((await latestBackup(store, { ...query, before }))?.manifest.id).toBe(first.id);
    expect(await latestBackup(store, { set: 'nobody' })).toBeUndefined();
  });

  it('refuses names that would not be one plain part of a path', async () => {
    await writeFile(join(rooms.root, 'orders.db'), '');
    for (const set of ['../up', 'a/b', '', '-rf', 'a b', '.hidden']) {
      const made = create(memoryObjectStore(), { set });
      await expect(made).rejects.toMatchObject({ code: 'BACKUP_NAME_INVALID' });
    }
  });
});
