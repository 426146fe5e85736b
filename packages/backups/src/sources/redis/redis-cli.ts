import { HoldfastError, isHoldfastError } from '@holdfast/core';
import type { ChildOptions } from '@holdfast/core/process';
import { isAbsolute } from 'node:path';
import type { Workroom } from '../workroom.ts';
import type { RedisSpec } from './spec.ts';

/** How a server is reached by redis-cli. The password goes into the environment of redis-cli alone. */
export interface RedisAccess {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** As a person would name it: `redis://db.example:6379`. */
  readonly url: string;
}

/** What a server is called, without credentials. */
export function redisUrl({ host, port, tls }: Pick<RedisSpec, 'host' | 'port' | 'tls'>): string {
  if (isAbsolute(host)) return `redis+unix://${host}`;
  const bracketed = host.includes(':') ? `[${host}]` : host;
  return `redis${tls ? 's' : ''}://${bracketed}:${port}`;
}

/** Reads the secrets of a spec. */
export async function accessTo(spec: RedisSpec, room: Workroom): Promise<RedisAccess> {
  const { host, port, user, password, tls, caFile } = spec;
  const place = isAbsolute(host) ? ['-s', host] : ['-h', host, '-p', String(port)];
  return {
    args: [
      ...place,
      ...(user === undefined ? [] : ['--user', user]),
      ...(tls ? ['--tls'] : []),
      ...(caFile === undefined ? [] : ['--cacert', caFile]),
      '--no-auth-warning',
    ],
    env: password === undefined ? {} : { REDISCLI_AUTH: await room.secret(password) },
    url: redisUrl(spec),
  };
}

/** The error for what a server said, or for no answer of it. */
export function redisFailure(url: string, said: string, cause: unknown): HoldfastError {
  const refused = /NOAUTH|WRONGPASS|NOPERM|AUTH failed|no permissions/i.test(said);
  const code = refused ? 'SOURCE_LOGIN_REFUSED' : 'SOURCE_UNREACHABLE';
  const line = said.trim().split('\n').at(-1) ?? '';
  return new HoldfastError(code, `${url} cannot be dumped: ${line || 'no answer'}`, {
    hint: refused
      ? 'Check the user, the password, and that the user may SYNC, PSYNC, REPLCONF, PING and INFO; with `checksums` also read.'
      : 'Check the host and the port, and that the server is up.',
    retryable: !refused,
    context: { server: url },
    cause,
  });
}

/**
 * Runs redis-cli to its end; gives what it printed.
 *
 * @throws `SOURCE_UNREACHABLE`, `SOURCE_LOGIN_REFUSED`, `TOOL_MISSING` …
 */
export async function redisCli(
  access: RedisAccess,
  command: readonly string[],
  room: Workroom,
): Promise<string> {
  const options: ChildOptions = {
    args: [...access.args, ...command],
    env: access.env,
    signal: room.signal,
  };
  const cwd = access.cwd === undefined ? {} : { cwd: access.cwd };
  const child = await room.startChild('redis-cli', { ...options, ...cwd });
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of child.stdout ?? []) chunks.push(chunk as Buffer);
    await child.done;
  } catch (error) {
    if (!isHoldfastError(error) || error.code !== 'TOOL_FAILED') throw error;
    throw redisFailure(access.url, child.stderrTail() || Buffer.concat(chunks).toString(), error);
  } finally {
    await child.kill();
  }
  const text = Buffer.concat(chunks).toString('utf8');
  // Before version 7, and for some errors also after, redis-cli prints them and ends with 0.
  if (/^(?:\(error\) )?(?:NOAUTH|WRONGPASS|NOPERM|ERR|LOADING|MASTERDOWN) /.test(text)) {
    throw redisFailure(access.url, text, undefined);
  }
  return text;
}
