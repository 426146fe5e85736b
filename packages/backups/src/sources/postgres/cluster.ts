import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startOwnServer } from '../servers/own-server.ts';
import type { Workroom } from '../workroom.ts';
import type { Programs } from './programs.ts';
import type { PostgresAddress } from './spec.ts';

/** Names the socket; nothing listens on a port. */
const PORT = 5432;

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

/** The file's eighth line says so: https://www.postgresql.org/docs/current/storage-file-layout.html */
async function isReady(home: string): Promise<boolean> {
  const text = await readFile(join(home, 'postmaster.pid'), 'utf8').catch(() => '');
  return text.split('\n')[7]?.trim() === 'ready';
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
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const made = ['--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'];
  const { link, stop } = await startOwnServer(
    {
      what: 'PostgreSQL',
      users: ['postgres'],
      initialise: ({ path }) => ({
        program: programs.path('initdb'),
        args: [`--pgdata=${path}`, `--username=${superuser}`, ...made],
      }),
      serve: ({ path }) => ({
        program: programs.path('postgres'),
        args: ['-D', path, ...settings],
      }),
      socket: ({ path }) => ({ directory: path, name: `.s.PGSQL.${PORT}` }),
      isReady: (_link, { path }) => isReady(path),
      // A fast shutdown: clients are cut off, and the server's shared memory is given back.
      stopSignal: 'SIGINT',
    },
    room,
  );
  const { directory } = programs;
  return { address: { host: link, port: PORT, user: superuser, programs: directory }, stop };
}
