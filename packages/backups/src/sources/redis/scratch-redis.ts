import { mkdir, readFile, rm, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HoldfastError } from '@holdfast/core';
import type { Child } from '@holdfast/core/process';
import { startScratchServer } from '../servers/scratch-server.ts';
import type { Workroom } from '../workroom.ts';
import { linkTo } from '../servers/socket-link.ts';
import { readState, type RedisState } from './keyspace.ts';
import type { RedisPlace } from './connection.ts';
import type { RedisAccess } from './redis-cli.ts';

const LOOK_EVERY = 50;
/** How long a server may take before it answers at all, in milliseconds; reading its file may take as long as it likes. */
const PATIENCE = 60_000;

/** Nothing is written, nothing listens on a port, and nobody answers as its master. */
const SETTINGS = {
  dbfilename: 'dump.rdb',
  logfile: 'log',
  save: '',
  appendonly: 'no',
  port: '0',
  unixsocket: 's',
  unixsocketperm: '700',
  replicaof: '127.0.0.1 1',
  'replica-serve-stale-data': 'yes',
} as const;

/** What a server's log says when it refuses a file that another server would read. */
const LACKING = /module|RDB format version|Can't handle|Unknown RDB|not support/i;

async function complaint(log: string): Promise<string> {
  const lines = (await readFile(log, 'utf8').catch(() => '')).trim().split('\n');
  const grave = lines.filter((line) => / # /.test(line));
  return (grave.at(0) ?? lines.at(-1) ?? '').replace(/^\S+ \d+ \w+ \d+ [\d:.]+ [#*-] /, '');
}

async function notLoaded(log: string, path: string): Promise<HoldfastError> {
  const why = await complaint(log);
  const lacking = LACKING.test(why);
  const code = lacking ? 'RESTORE_PREREQUISITE_MISSING' : 'RESTORE_FAILED';
  return new HoldfastError(code, `A Redis server does not load ${path}: ${why}`, {
    hint: lacking
      ? 'Install the version of Redis that was dumped, with its modules. Nothing is said of the backup.'
      : 'Make a fresh backup, and keep the earlier ones.',
    retryable: false,
    context: { path },
  });
}

/** A server that holds what an RDB file does. */
export interface LoadedRdb {
  /** What it says that it holds. */
  readonly state: RedisState;
  /** How it is reached. */
  readonly place: RedisPlace;
}

/**
 * Loads an RDB file into a server of its own, without persistence, on a socket in the room, and works with it. It runs
 * as a replica of nobody: a master would drop what has expired since the dump.
 *
 * @throws `RESTORE_FAILED`, `RESTORE_PREREQUISITE_MISSING`
 */
export async function withLoadedRdb<T>(
  path: string,
  room: Workroom,
  work: (loaded: LoadedRdb) => Promise<T>,
): Promise<T> {
  const home = join(room.scratch, 'redis');
  await mkdir(home, { mode: 0o700 });
  await symlink(resolve(path), join(home, 'dump.rdb'));
  const args = Object.entries(SETTINGS).flatMap(([name, value]) => [
    `--${name}`,
    ...value.split(' '),
  ]);
  const child = await startScratchServer(room, 'redis-server', {
    args: [...args, '--dir', home],
    stdout: 'ignore',
  });
  let link: string | undefined;
  try {
    link = await linkTo(home, SETTINGS.unixsocket);
    const socket = join(link, SETTINGS.unixsocket);
    const access = { args: ['-s', socket], env: {}, url: 'the scratch server' };
    const state = await untilLoaded(child, access, room);
    if (state === undefined) throw await notLoaded(join(home, 'log'), path);
    return await work({ state, place: { host: socket, port: 0, tls: false } });
  } finally {
    await child.kill();
    if (link !== undefined) await rm(link, { force: true });
    await rm(home, { recursive: true, force: true });
  }
}

async function untilLoaded(
  child: Child,
  access: RedisAccess,
  room: Workroom,
): Promise<RedisState | undefined> {
  let ended = false;
  void child.exited.then(() => (ended = true));
  let answered = false;
  for (let waited = 0; answered || waited < PATIENCE; waited += LOOK_EVERY) {
    room.signal.throwIfAborted();
    if (ended) return undefined;
    const state = await readState(access, room).catch(() => undefined);
    if (state?.loading === false) return state;
    answered ||= state !== undefined;
    await delay(LOOK_EVERY);
  }
  throw new HoldfastError('SCRATCH_SERVER_FAILED', 'A scratch Redis does not answer.', {
    hint: 'See whether the machine is overloaded, or out of memory.',
  });
}
