import { memoryObjectStore, secret } from '@holdfast/core';
import { createBackup, redisSource, type RedisOptions, type StartChild } from '@holdfast/backups';
import { hasRedis, REDIS_NEEDED, type RedisServer } from '../../../../test/servers/redis.ts';
import { isProvided } from '../../../../test/servers/provided.ts';

export const PASSWORD = `a b#c\\d"e'f:g@h/ü😀`;

/** Whether these tests can run; in CI they must. */
export const canRun = isProvided(hasRedis, REDIS_NEEDED);

export function source(server: RedisServer, more: Partial<RedisOptions> = {}) {
  return redisSource({
    name: 'sessions',
    port: server.port,
    password: secret('env:REDIS_PASSWORD'),
    ...more,
  });
}

/** Strings, every other type, two databases, keys that expire, and odd names. */
export function fill(server: RedisServer): void {
  server.cli('FLUSHALL');
  const sets = Array.from({ length: 3000 }, (_, key) => `SET key:${key} value-${key}`);
  server.pipe(`${sets.join('\n')}\n`);
  server.cli('SET', 'odd "key"\n😀', 'x');
  server.cli('RPUSH', 'list', '1', '2', '3');
  server.cli('HSET', 'hash', 'a', '1', 'b', '2');
  server.cli('ZADD', 'zset', '1', 'one');
  server.cli('XADD', 'stream', '*', 'a', '1');
  server.cli('SETEX', 'gone soon', '3600', 'x');
  server.cli('-n', '3', 'SADD', 'set', 'a', 'b');
}

/** Backs up into a store in memory. */
export async function dump(
  spec: ReturnType<typeof source>,
  scratchRoot: string,
  start?: StartChild,
) {
  const store = memoryObjectStore();
  const backup = await createBackup({
    source: spec,
    store,
    storeName: 's',
    scratchRoot,
    ...(start === undefined ? {} : { startChild: start }),
  });
  return { store, backup, scratchRoot };
}
