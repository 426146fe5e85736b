import { dirname } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { secret } from '@holdfast/core';
import { type ChildOptions, startChild } from '@holdfast/core/process';
import {
  listBackups,
  type RedisOptions,
  type StartChild,
  type StreamFingerprint,
  verifyBackup,
} from '@holdfast/backups';
import { type RedisServer, startRedis } from '../../../../test/servers/redis.ts';
import { leftIn, testRooms } from '../support/rooms.ts';
import { canRun, dump, fill, PASSWORD, source } from './harness.ts';

const rooms = testRooms();
/** Does something when redis-cli begins to dump, and something else once it is done with that. */
function around(before: () => void, after: () => void): StartChild {
  let isDumped = false;
  return async (command, options) => {
    if (isDumped) after();
    isDumped = options?.args?.includes('--rdb') === true;
    if (isDumped) before();
    return startChild(command, options);
  };
}

const nothing = (): void => undefined;

/** Changes the file that redis-cli has written, before anybody has looked at it. */
function altering(...commands: readonly string[][]): StartChild {
  return async (command, options: ChildOptions = {}) => {
    const path = options.args?.[0] ?? '';
    if (command === 'redis-check-rdb') {
      const load = { directory: dirname(path), name: 'dump.rdb' };
      const other = await startRedis({ load });
      for (const one of commands) other.cli(...one);
      other.cli('SAVE');
      await other.stop();
    }
    return startChild(command, options);
  };
}

describe.skipIf(!canRun)('the values of a Redis source', { timeout: 60_000 }, () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis({ password: PASSWORD });
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    vi.stubEnv('REDIS_PASSWORD', PASSWORD);
    fill(server);
    for (const n of [1, 2, 3]) server.cli('XADD', 'stream', '*', 'n', String(n));
    server.cli('XGROUP', 'CREATE', 'stream', 'readers', '0');
    server.cli('SETEX', 'in a day', String(26 * 3600), 'x');
    server.cli('EVAL', "for i = 1, 3000 do redis.call('SADD', 'big', i) end", '0');
    server.cli('SETRANGE', 'long', '600000', 'the end');
  });

  const dumped = (start?: StartChild, more: Partial<RedisOptions> = {}) =>
    dump(source(server, { checksums: true, ...more }), rooms.scratchRoot, start);

  async function valuesOf({ store }: Awaited<ReturnType<typeof dumped>>) {
    const { fingerprint } = (await listBackups(store)).backups[0]!.manifest;
    return (fingerprint as StreamFingerprint).values;
  }

  it('are the same in a copy, of all types, of all databases, and with their times', async () => {
    const made = await dumped();
    const values = await valuesOf(made);
    expect(values).toMatchObject({ parts: 512, changed: [] });
    expect(values?.values.map(({ db, window }) => [db, window])).toEqual([
      [0, 0],
      [0, 2],
      [3, 0],
    ]);
    expect(await verifyBackup(made)).toMatchObject({ reached: 'restored' });
    expect(await leftIn(rooms.scratchRoot)).toEqual([]);
  });

  it.each([
    ['a letter of a text', ['SET', 'key:7', 'value-8']],
    ['the end of a long text', ['SETRANGE', 'long', '600001', 'H']],
    ['an odd name', ['RENAME', 'odd "key"\n😀', 'odd "key"\n😁']],
    ['the order of a list', ['LSET', 'list', '0', '9']],
    ['a field of a hash', ['HSET', 'hash', 'a', '9']],
    [
      'a member of a big set',
      ['EVAL', "redis.call('SREM', 'big', 7, 8); redis.call('SADD', 'big', 'x', 'y')", '0'],
    ],
    ['a score', ['ZADD', 'zset', '2', 'one']],
    ['how far a group has read', ['XGROUP', 'SETID', 'stream', 'readers', '$']],
    [
      'a value of another database',
      [
        'EVAL',
        "redis.call('SELECT', 3); redis.call('SREM', 'set', 'a'); redis.call('SADD', 'set', 'c')",
        '0',
      ],
    ],
    ['when a key expires', ['EXPIRE', 'in a day', String(27 * 3600)]],
  ])(
    '%s, altered before anything is hashed, is found; a count does not',
    async (_what, command) => {
      const made = await dumped(altering(command));
      await expect(verifyBackup(made)).rejects.toMatchObject({
        code: 'VERIFY_FAILED',
        context: {
          problem: 'RESTORE_DIFFERS',
          differences: [{ what: expect.stringMatching(/^values in db[03]/) }],
        },
      });
      const counted = await dumped(altering(command), { checksums: false });
      expect(await verifyBackup(counted)).toMatchObject({ reached: 'restored' });
    },
  );

  it('that are written to while they are dumped are left out, those before and after it alike', async () => {
    const change = (): void => {
      server.cli('SET', 'key:1', 'another');
      server.cli('SET', 'come and gone', 'x');
    };
    const undo = (): void => {
      server.cli('SET', 'key:1', 'value-1');
      server.cli('DEL', 'come and gone');
    };
    const made = await dumped(around(change, undo));
    expect((await valuesOf(made))?.changed).toHaveLength(2);
    expect(made.backup.warnings).toEqual([]);
    expect(await verifyBackup(made)).toMatchObject({ reached: 'restored' });
  });

  it('are not known where all was thrown away meanwhile, and the backup says so', async () => {
    const made = await dumped(around(nothing, () => server.cli('FLUSHALL')));
    expect(made.backup.warnings).toEqual([
      '512 of 512 parts of the keys were written to meanwhile: their values are not compared.',
    ]);
    expect(await verifyBackup(made)).toMatchObject({ reached: 'restored' });
  });

  it('that have expired since are not missed', async () => {
    server.cli('PSETEX', 'short', '300', 'x');
    const made = await dumped();
    await expect.poll(() => server.cli('EXISTS', 'short'), { timeout: 10_000 }).toBe('0');
    expect(await verifyBackup(made)).toMatchObject({ reached: 'restored' });
  });

  it('are read by a user who may, and a user who may not is told', async () => {
    vi.stubEnv('READER', 'r');
    const user = { user: 'reader', password: secret('env:READER') };
    const rights = ['on', '>r', '~*', '+sync', '+psync', '+replconf', '+ping', '+info'];
    server.cli('ACL', 'SETUSER', 'reader', ...rights);
    expect((await dumped(undefined, { ...user, checksums: false })).backup.warnings).toEqual([]);
    await expect(dumped(undefined, user)).rejects.toMatchObject({ code: 'SOURCE_LOGIN_REFUSED' });
    server.cli('ACL', 'SETUSER', 'reader', '+@read', '+@connection', '+time');
    expect(await verifyBackup(await dumped(undefined, user))).toMatchObject({
      reached: 'restored',
    });
  });

  it('of a server without keys are none', async () => {
    server.cli('FLUSHALL');
    const made = await dumped();
    expect(await valuesOf(made)).toMatchObject({ parts: 1, values: [] });
    expect(await verifyBackup(made)).toMatchObject({ reached: 'restored' });
  });
});
