import { readFile, truncate, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { memoryObjectStore, secret } from '@holdfast/core';
import { type Child, type ChildOptions, isAlive, startChild } from '@holdfast/core/process';
import { createBackup, sourceOfKind, type StartChild } from '@holdfast/backups';
import { type RedisServer, startRedis } from '../../../../test/servers/redis.ts';
import { bytesOf, keysOf, leftIn, testRooms } from '../support/rooms.ts';
import { canRun, dump, fill, PASSWORD, source } from './harness.ts';

const rooms = testRooms();

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[9000] = (bytes[9000] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

describe.skipIf(!canRun)('a Redis source that lies or fails', { timeout: 60_000 }, () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis({ password: PASSWORD });
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    vi.stubEnv('REDIS_PASSWORD', PASSWORD);
    fill(server);
  });

  it('names a wrong password, a missing one, and a server that is not there', async () => {
    vi.stubEnv('OTHER', 'wrong');
    const refused = { code: 'SOURCE_LOGIN_REFUSED', retryable: false };
    await expect(
      dump(source(server, { password: secret('env:OTHER') }), rooms.scratchRoot),
    ).rejects.toMatchObject(refused);
    const { password: _, ...without } = source(server);
    const store = memoryObjectStore();
    const { scratchRoot } = rooms;
    const made = createBackup({ source: without, store, storeName: 's', scratchRoot });
    await expect(made).rejects.toMatchObject(refused);
    await expect(dump(source(server, { port: 1 }), rooms.scratchRoot)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
    });
    await expect(
      dump(source(server, { host: '/nowhere/s' }), rooms.scratchRoot),
    ).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
    });
  });

  it.each([
    ['cut', (path: string) => truncate(path, 20_000)],
    ['flipped', flip],
    ['emptied', (path: string) => writeFile(path, '')],
  ])('publishes no file that was %s on the way', async (_name, change) => {
    const store = memoryObjectStore();
    const { scratchRoot } = rooms;
    const made = createBackup({
      source: source(server),
      store,
      storeName: 's',
      scratchRoot,
      startChild: async (command, options) => {
        if (command === 'redis-check-rdb') await change(options?.args?.[0] ?? '');
        return startChild(command, options);
      },
    });
    await expect(made).rejects.toMatchObject({ code: 'DUMP_CORRUPT_SOURCE' });
    expect(await keysOf(store)).toEqual([]);
    expect(await leftIn(scratchRoot)).toEqual([]);
  });

  it('ends redis-cli when the work is given up', async () => {
    const abort = new AbortController();
    const reason = new Error('window closed');
    const children: Child[] = [];
    const made = createBackup({
      source: source(server),
      store: memoryObjectStore(),
      storeName: 's',
      scratchRoot: rooms.scratchRoot,
      signal: abort.signal,
      startChild: async (command, options) => {
        const child = await startChild(command, options);
        children.push(child);
        if (options?.args?.includes('--rdb') === true) abort.abort(reason);
        return child;
      },
    });
    await expect(made).rejects.toBe(reason);
    expect(new Set(children.map(({ identity }) => isAlive(identity)))).toEqual(new Set(['dead']));
  });

  it('puts the password nowhere but in the environment of redis-cli', async () => {
    const seen: [string, ChildOptions][] = [];
    const { store, backup } = await dump(
      source(server),
      rooms.scratchRoot,
      async (command, options = {}) => {
        seen.push([command, options]);
        return startChild(command, options);
      },
    );
    for (const [command, { args, env = {} }] of seen) {
      expect(JSON.stringify(args)).not.toContain('😀');
      if (command !== 'redis-cli') expect(env).not.toHaveProperty('REDISCLI_AUTH');
    }
    for (const name of ['manifest.json', 'RESTORE.md']) {
      expect((await bytesOf(store, backup.path + name)).toString()).not.toContain('😀');
    }
  });

  it('says before the night what is wrong', async () => {
    const redis = sourceOfKind('redis');
    const room = {
      scratch: rooms.root,
      signal: new AbortController().signal,
      startChild,
      secret: () => Promise.resolve(PASSWORD),
    };
    expect(await redis.preflight?.(source(server), room)).toEqual([]);
    expect(await redis.preflight?.(source(server, { port: 1 }), room)).toMatchObject([
      { code: 'SOURCE_UNREACHABLE', severity: 'error' },
    ]);
    const without: StartChild = (command, options) =>
      startChild(command.startsWith('redis-check') ? 'no-such-program' : command, options);
    expect(await redis.preflight?.(source(server), { ...room, startChild: without })).toMatchObject(
      [{ code: 'TOOL_MISSING' }],
    );
  });

  it.each([
    { host: '' },
    { host: '-x' },
    { host: 'a b' },
    { port: 0 },
    { port: 65_536 },
    { user: '' },
    { password: 'plain' as never },
    { caFile: 'relative' },
  ])('refuses %j', (more) => {
    expect(() => source(server, more)).toThrow(
      expect.objectContaining({ code: 'OPTIONS_INVALID' }),
    );
  });
});
