import { dirname } from 'node:path';
import { redisSource, sourceOfKind } from '@holdfast/backups';
import type { SourceSubject } from '@holdfast/backups/testing';
import { secret } from '@holdfast/core';
import { startRedis } from '../../../../test/servers/redis.ts';

const PASSWORD = 'xyzzy #4711';

/** Loads an RDB file, takes a key away and saves it again. */
async function loseKey(path: string): Promise<void> {
  const directory = dirname(path);
  const server = await startRedis({ load: { directory, name: 'restored' } });
  try {
    server.cli('DEL', 'key:7');
    server.cli('SAVE');
  } finally {
    await server.stop();
  }
}

/** A Redis of its own, with keys in it. */
export async function redisSubject(): Promise<SourceSubject> {
  const server = await startRedis({ password: PASSWORD });
  const keys = Array.from({ length: 30_000 }, (_, key) => `SET key:${key} value-${key}`);
  server.pipe(`${keys.join('\n')}\n`);
  const password = secret('env:REDIS_PASSWORD');
  return {
    source: sourceOfKind('redis'),
    spec: redisSource({ name: 'sessions', port: server.port, password }),
    missing: redisSource({ name: 'sessions', port: 1, password }),
    lose: () => server.cli('DEL', 'key:3'),
    damage: ({ path }) => loseKey(path),
    secrets: { 'env:REDIS_PASSWORD': PASSWORD },
    byHand: 'restored/sessions.rdb',
    close: () => server.stop(),
  };
}
