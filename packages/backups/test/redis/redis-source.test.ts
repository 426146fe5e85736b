import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEngine, flow, memoryObjectStore, memoryRunStore } from '@holdfast/core';
import { startChild } from '@holdfast/core/process';
import {
  createBackup,
  dumpRedis,
  listBackups,
  restoreFromStore,
  type StartChild,
  verifyBackup,
} from '@holdfast/backups';
import { localObjectStore } from '@holdfast/storage/local';
import { type RedisServer, startRedis } from '../../../../test/servers/redis.ts';
import { leftIn, testRooms } from '../support/rooms.ts';
import { canRun, dump, fill, PASSWORD, source } from './harness.ts';

const rooms = testRooms();

describe.skipIf(!canRun)('a Redis source', { timeout: 60_000 }, () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis({ password: PASSWORD });
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    vi.stubEnv('REDIS_PASSWORD', PASSWORD);
    fill(server);
  });

  it('comes back as it was: all databases and types, keys that expire, odd names', async () => {
    const { store, backup, scratchRoot } = await dump(source(server), rooms.scratchRoot);
    const record = await verifyBackup({ backup, store, scratchRoot });
    expect(record).toMatchObject({ reached: 'restored', compared: { tables: 2, rows: 3007 } });
    const to = join(rooms.root, 'sessions.rdb');
    await restoreFromStore({ backup, store, to });
    const copy = await startRedis({ load: { directory: rooms.root, name: 'sessions.rdb' } });
    try {
      for (const [key, type] of [
        ['hash', 'hash'],
        ['zset', 'zset'],
        ['stream', 'stream'],
      ] as const) {
        expect(copy.cli('TYPE', key)).toBe(type);
      }
      expect(copy.cli('LRANGE', 'list', '0', '-1')).toBe('1\n2\n3');
      expect(copy.cli('GET', 'odd "key"\n😀')).toBe('x');
      expect(copy.cli('-n', '3', 'SCARD', 'set')).toBe('2');
      expect(copy.cli('DBSIZE')).toBe(server.cli('DBSIZE'));
    } finally {
      await copy.stop();
    }
    expect(await leftIn(scratchRoot)).toEqual([]);
  });

  it('keeps what the server said that it holds, of before and after the dump', async () => {
    const writing: StartChild = async (command, options) => {
      if (options?.args?.includes('--rdb') === true) server.cli('SET', 'late', 'x');
      return startChild(command, options);
    };
    const { store, backup, scratchRoot } = await dump(source(server), rooms.scratchRoot, writing);
    const [entry] = (await listBackups(store)).backups;
    expect(entry?.manifest.fingerprint).toMatchObject({
      kind: 'stream',
      counts: [
        { what: 'keys in db0', least: 3006, most: 3007 },
        { what: 'keys in db0 that expire', least: 1, most: 1 },
        { what: 'keys in db3', least: 1, most: 1 },
        { what: 'keys in db3 that expire', least: 0, most: 0 },
      ],
    });
    await verifyBackup({ backup, store, scratchRoot });
  });

  it('proves a copy whose keys have expired since', async () => {
    server.cli('PSETEX', 'short', '300', 'x');
    const { store, backup, scratchRoot } = await dump(source(server), rooms.scratchRoot);
    await expect.poll(() => server.cli('EXISTS', 'short'), { timeout: 10_000 }).toBe('0');
    const record = await verifyBackup({ backup, store, scratchRoot });
    expect(record.compared.rows).toBe(3008);
  });

  it('is dumped by its task, through a socket, with libraries of functions', async () => {
    server.cli(
      'FUNCTION',
      'LOAD',
      'REPLACE',
      "#!lua name=mylib\nredis.register_function('f', function() return 1 end)",
    );
    const store = memoryObjectStore();
    const nightly = flow(
      (scratchRoot: string) =>
        dumpRedis({
          source: source(server, { host: server.socket }),
          store: 'primary',
          scratchRoot,
        }),
      { name: 'nightly-redis' },
    );
    const engine = createEngine({ store: memoryRunStore(), resources: { primary: store } });
    const backup = await engine.run(nightly, [rooms.scratchRoot]);
    await engine.stop();
    const [entry] = (await listBackups(store)).backups;
    expect(entry?.manifest.source.identity).toEqual({ server: `redis+unix://${server.socket}` });
    expect(entry?.manifest.fingerprint).toMatchObject({
      counts: expect.arrayContaining([{ what: 'libraries of functions', least: 1, most: 1 }]),
    });
    await verifyBackup({ backup, store, scratchRoot: rooms.scratchRoot });
    server.cli('FUNCTION', 'FLUSH');
  });

  it('takes a server without keys', async () => {
    server.cli('FLUSHALL');
    const { store, backup, scratchRoot } = await dump(source(server), rooms.scratchRoot);
    const record = await verifyBackup({ backup, store, scratchRoot });
    expect(record.compared).toMatchObject({ tables: 0, rows: 0 });
  });

  it('says in RESTORE.md what there was', async () => {
    const { scratchRoot } = rooms;
    const directory = join(rooms.root, 'store');
    const store = localObjectStore(directory);
    const backup = await createBackup({
      source: source(server),
      store,
      storeName: 's',
      scratchRoot,
    });
    const guide = await readFile(join(directory, backup.path, 'RESTORE.md'), 'utf8');
    expect(guide).toContain('It held 3006 keys in db0, 1 keys in db0 that expire, 1 keys in db3');
  });
});
