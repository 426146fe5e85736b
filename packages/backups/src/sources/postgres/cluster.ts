import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HoldfastError } from '@holdfast/core';
import type { Child } from '@holdfast/core/process';
import { makeServerHome, type ServerHome } from '../servers/server-home.ts';
import { startScratchServer } from '../servers/scratch-server.ts';
import { linkTo } from '../servers/socket-link.ts';
import type { Workroom } from '../workroom.ts';
import { stderrOf } from './errors.ts';
import type { Programs } from './programs.ts';
import type { PostgresAddress } from './spec.ts';

/** Names the socket; nothing listens on a port. */
const PORT = 5432;
/** How long a server may take to start, and how long to stop, in milliseconds. */
const START_LIMIT = 120_000;
const STOP_LIMIT = 20_000;
const LOOK_EVERY = 50;

/** Nothing in it is worth keeping: it is as fast as it can be, reached by its socket alone, and starts no worker. */
const SETTINGS = {
  listen_addresses: '',
  unix_socket_directories: '.',
  port: String(PORT),
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  autovacuum: 'off',
  restart_after_crash: 'off',
  max_connections: '20',
  max_locks_per_transaction: '1024',
  max_parallel_workers_per_gather: '0',
  max_parallel_maintenance_workers: '0',
  dynamic_shared_memory_type: 'mmap',
  shared_buffers: '64MB',
  maintenance_work_mem: '128MB',
  jit: 'off',
} as const;

/** A PostgreSQL server that lives as long as its room. */
export interface ScratchCluster {
  /** Who connects is its superuser. */
  readonly address: PostgresAddress;
  stop(): Promise<void>;
}

function notStarted(why: string, cause?: unknown): HoldfastError {
  return new HoldfastError('SCRATCH_SERVER_FAILED', `A scratch PostgreSQL did not start: ${why}`, {
    hint: 'See what it said. Another scratch directory, or a given server for scratch copies, may help.',
    ...(cause === undefined ? {} : { cause }),
  });
}

async function initialise(
  home: ServerHome,
  programs: Programs,
  superuser: string,
  room: Workroom,
): Promise<void> {
  const child = await room.startChild(programs.path('initdb'), {
    args: [
      `--pgdata=${home.path}`,
      `--username=${superuser}`,
      '--auth=trust',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
    ],
    env: { LC_ALL: 'C' },
    cwd: home.path,
    stdout: 'ignore',
    signal: room.signal,
    ...(home.user === undefined ? {} : { user: home.user }),
  });
  try {
    await child.done;
  } catch (error) {
    const stderr = stderrOf(error);
    if (stderr === undefined) throw error;
    throw notStarted(stderr.trim(), error);
  }
}

/** The file's eighth line says so: https://www.postgresql.org/docs/current/storage-file-layout.html */
async function isReady(home: string): Promise<boolean> {
  const text = await readFile(join(home, 'postmaster.pid'), 'utf8').catch(() => '');
  return text.split('\n')[7]?.trim() === 'ready';
}

async function untilReady(home: string, child: Child, signal: AbortSignal): Promise<void> {
  let ended = false;
  void child.exited.then(() => (ended = true));
  for (let waited = 0; !(await isReady(home)); waited += LOOK_EVERY) {
    signal.throwIfAborted();
    if (ended) throw notStarted(child.stderrTail().trim());
    if (waited >= START_LIMIT) throw notStarted(`it was not ready after ${START_LIMIT} ms`);
    await delay(LOOK_EVERY);
  }
}

async function stop(child: Child): Promise<void> {
  // A fast shutdown: clients are cut off, and the server's shared memory is given back, which SIGKILL would leave.
  try {
    process.kill(child.identity.pid, 'SIGINT');
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
 * Makes a cluster and starts its server: of the locale C and in UTF-8, but databases that are restored into it come
 * with their own.
 *
 * @param superuser the role it is made by
 * @throws `SCRATCH_SERVER_FAILED`
 */
export async function startCluster(
  room: Workroom,
  programs: Programs,
  superuser: string,
): Promise<ScratchCluster> {
  const home = await makeServerHome(room, ['postgres']);
  let child: Child | undefined;
  let link: string | undefined;
  const end = async (): Promise<void> => {
    if (child !== undefined) await stop(child);
    if (link !== undefined) await rm(link, { force: true });
    await home.remove();
  };
  try {
    await initialise(home, programs, superuser, room);
    link = await linkTo(home.path, `.s.PGSQL.${PORT}`);
    const settings = Object.entries(SETTINGS).flatMap(([name, value]) => [
      '-c',
      `${name}=${value}`,
    ]);
    child = await startScratchServer(room, programs.path('postgres'), {
      args: ['-D', home.path, ...settings],
      env: { LC_ALL: 'C' },
      cwd: home.path,
      stdout: 'ignore',
      ...(home.user === undefined ? {} : { user: home.user }),
    });
    await untilReady(home.path, child, room.signal);
  } catch (error) {
    await end();
    throw error;
  }
  const { directory } = programs;
  return {
    address: { host: link, port: PORT, user: superuser, programs: directory },
    stop: end,
  };
}
