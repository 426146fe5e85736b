import { mkdir, rm } from 'node:fs/promises';
import { chown } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HoldfastError, isHoldfastError } from '@holdfast/core';
import type { Child } from '@holdfast/core/process';
import { makeServerHome, type ServerHome } from '../servers/server-home.ts';
import { startScratchServer } from '../servers/scratch-server.ts';
import { linkTo } from '../servers/socket-link.ts';
import type { Workroom } from '../workroom.ts';
import { findServerPrograms, type Flavor, type ServerPrograms, type Tool } from './programs.ts';
import { MysqlSession } from './session.ts';
import type { MysqlAddress } from './spec.ts';

const SOCKET = 's';
/** How long a server may take to start, and how long to stop, in milliseconds. */
const START_LIMIT = 120_000;
const STOP_LIMIT = 20_000;
const LOOK_EVERY = 50;

/**
 * Nothing in it is worth keeping: it is as fast as it can be, and reached by its socket alone. What is restored is code of
 * somebody: it runs no events, loads no plugins, and reads and writes no files but in an empty directory.
 */
const SETTINGS = [
  '--skip-networking',
  `--socket=${SOCKET}`,
  '--innodb-flush-log-at-trx-commit=0',
  '--sync-binlog=0',
  '--skip-log-bin',
  '--event-scheduler=OFF',
  '--log-bin-trust-function-creators=1',
  '--local-infile=0',
  '--max-allowed-packet=1G',
  '--character-set-server=utf8mb4',
];

/** A server that lives as long as its room. */
export interface ScratchMysql {
  /** Who connects may do everything. */
  readonly address: MysqlAddress;
  stop(): Promise<void>;
}

function notStarted(why: string, cause?: unknown): HoldfastError {
  return new HoldfastError('SCRATCH_SERVER_FAILED', `A scratch server did not start: ${why}`, {
    hint: 'See what it said. Another scratch directory, or a given server for scratch copies, may help.',
    ...(cause === undefined ? {} : { cause }),
  });
}

function userOf({ user }: ServerHome) {
  return user === undefined ? {} : { user };
}

/** Directories that only the server may enter. */
async function makeDirectories(home: ServerHome): Promise<void> {
  for (const name of ['files', 'plugins', 'tmp']) {
    const path = join(home.path, name);
    await mkdir(path, { mode: 0o700 });
    if (home.user !== undefined) await chown(path, home.user.uid, home.user.gid);
  }
}

async function initialise(
  home: ServerHome,
  programs: ServerPrograms,
  room: Workroom,
): Promise<void> {
  const data = `--datadir=${join(home.path, 'data')}`;
  const [command, args] =
    programs.installer === undefined
      ? [programs.server, ['--no-defaults', '--initialize-insecure', data]]
      : [
          programs.installer,
          ['--no-defaults', '--auth-root-authentication-method=normal', '--skip-test-db', data],
        ];
  const child = await room.startChild(command, {
    args,
    env: { LC_ALL: 'C' },
    cwd: home.path,
    stdout: 'ignore',
    signal: room.signal,
    ...userOf(home),
  });
  try {
    await child.done;
  } catch (error) {
    if (!isHoldfastError(error) || error.code !== 'TOOL_FAILED') throw error;
    throw notStarted(error.message, error);
  }
}

async function untilReady(
  child: Child,
  address: MysqlAddress,
  client: Tool,
  room: Workroom,
): Promise<void> {
  let ended = false;
  void child.exited.then(() => (ended = true));
  for (let waited = 0; waited < START_LIMIT; waited += LOOK_EVERY) {
    room.signal.throwIfAborted();
    if (ended) throw notStarted(child.stderrTail().trim().split('\n').at(-1) ?? '');
    const place = { address, database: undefined, client };
    const session = await MysqlSession.open(place, room).catch(() => undefined);
    if (session !== undefined) {
      await session.close();
      return;
    }
    await delay(LOOK_EVERY);
  }
  throw notStarted(`it was not ready after ${START_LIMIT} ms`);
}

async function stop(child: Child): Promise<void> {
  try {
    process.kill(child.identity.pid, 'SIGTERM');
  } catch {
    // It has ended by itself.
  }
  const limit = new AbortController();
  const late = delay(STOP_LIMIT, undefined, { signal: limit.signal }).catch(() => undefined);
  await Promise.race([child.exited, late]);
  limit.abort();
  await child.kill().catch(() => undefined);
  await child.done.catch(() => undefined);
}

/**
 * Makes a server of one's own and starts it.
 *
 * @param wanted taken where there are programs of both
 * @throws `SCRATCH_SERVER_FAILED`, `TOOL_MISSING`
 */
export async function startScratchMysql(
  room: Workroom,
  wanted: Flavor,
  client: Tool,
): Promise<ScratchMysql> {
  const programs = findServerPrograms(wanted);
  const home = await makeServerHome(room, ['mysql']);
  let child: Child | undefined;
  let link: string | undefined;
  const end = async (): Promise<void> => {
    if (child !== undefined) await stop(child);
    if (link !== undefined) await rm(link, { force: true });
    await home.remove();
  };
  try {
    await makeDirectories(home);
    await initialise(home, programs, room);
    link = await linkTo(join(home.path, 'data'), SOCKET);
    child = await startScratchServer(room, programs.server, {
      args: [
        '--no-defaults',
        `--datadir=${join(home.path, 'data')}`,
        `--secure-file-priv=${join(home.path, 'files')}`,
        `--plugin-dir=${join(home.path, 'plugins')}`,
        `--tmpdir=${join(home.path, 'tmp')}`,
        `--pid-file=${join(home.path, 'pid')}`,
        ...SETTINGS,
      ],
      env: { LC_ALL: 'C' },
      cwd: home.path,
      stdout: 'ignore',
      ...userOf(home),
    });
    const address = { host: join(link, SOCKET), port: 3306, user: 'root' };
    await untilReady(child, address, client, room);
    return { address, stop: end };
  } catch (error) {
    await end();
    throw error;
  }
}
