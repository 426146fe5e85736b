import { HoldfastError } from '@holdfast/core';
import type { Counts } from '../streams/counts.ts';
import type { Workroom } from '../workroom.ts';
import { type RedisAccess, redisCli } from './redis-cli.ts';

/** What a server says of itself. */
export interface RedisState {
  readonly version: string;
  /** Whether it is still reading its file. */
  readonly loading: boolean;
  /** What its data take in memory, in bytes: its RDB file is rarely larger. */
  readonly memory: number;
  readonly counts: Counts;
}

function numberOf(info: ReadonlyMap<string, string>, field: string): number {
  return Number(info.get(field) ?? '0');
}

/** Reads the answer to INFO: https://redis.io/commands/info/ */
function parseInfo(text: string): RedisState | undefined {
  const info = new Map(
    text.split(/\r?\n/).flatMap((line): [string, string][] => {
      const colon = line.indexOf(':');
      return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)]] : [];
    }),
  );
  const version = info.get('redis_version');
  if (version === undefined) return undefined;
  const counts: Record<string, number> = {};
  for (const [field, value] of info) {
    const [, keys, expires] = /^keys=(\d+),expires=(\d+)/.exec(value) ?? [];
    if (!/^db\d+$/.test(field) || keys === undefined) continue;
    counts[`keys in ${field}`] = Number(keys);
    counts[`keys in ${field} that expire`] = Number(expires);
  }
  const libraries = numberOf(info, 'number_of_libraries');
  if (libraries > 0) counts['libraries of functions'] = libraries;
  return {
    version,
    loading: info.get('loading') === '1',
    memory: numberOf(info, 'used_memory'),
    counts,
  };
}

/**
 * Asks a server what it is and what it holds.
 *
 * @throws as {@link redisCli}
 */
export async function readState(access: RedisAccess, room: Workroom): Promise<RedisState> {
  const text = await redisCli(access, ['INFO'], room);
  const state = parseInfo(text);
  if (state !== undefined) return state;
  throw new HoldfastError('SOURCE_INVALID', `${access.url} does not answer as Redis does.`, {
    hint: 'Check the host and the port.',
    retryable: false,
    context: { server: access.url },
  });
}
