import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { memoryObjectStore, type ObjectStore } from '@holdfast/core';
import {
  type Backup,
  createBackup,
  type PostgresSourceOptions,
  postgresSource,
  postgresTarget,
  type PostgresTarget,
  type PostgresTargetOptions,
} from '@holdfast/backups';
import {
  hasPostgres,
  POSTGRES_NEEDED,
  type PostgresServer,
  startPostgres,
} from '../../../../test/servers/postgres.ts';
import { type Rooms, testRooms } from './rooms.ts';
import { isProvided } from '../../../../test/servers/provided.ts';

/** Whether these tests can run; in CI they must. */
export const canRun = isProvided(hasPostgres, POSTGRES_NEEDED);

/** A server for all tests of a file, and a directory for each. */
export interface PostgresRooms {
  readonly rooms: Rooms;
  readonly server: PostgresServer;
  dump(options: Partial<PostgresSourceOptions>): Promise<Dumped>;
  target(options?: Partial<PostgresTargetOptions>): PostgresTarget;
  /** Names of the databases on the server. */
  databases(): readonly string[];
}

export interface Dumped {
  readonly store: ObjectStore;
  readonly backup: Backup;
  readonly scratchRoot: string;
}

/** @param settings of the server */
export function postgresRooms(
  prepare: (server: PostgresServer) => void,
  settings: Readonly<Record<string, string>> = {},
): PostgresRooms {
  const rooms = testRooms();
  let server: PostgresServer | undefined;
  beforeAll(async () => {
    if (!canRun) return;
    server = await startPostgres({ settings });
    prepare(server);
  }, 300_000);
  afterAll(() => server?.stop(), 60_000);
  const running = (): PostgresServer => server ?? expectServer();
  return {
    rooms,
    get server() {
      return running();
    },
    async dump(options) {
      const { host, port, user } = running();
      const store = memoryObjectStore();
      const source = postgresSource({
        name: 'shop',
        host,
        port,
        user,
        databases: 'shop',
        ...options,
      });
      const { scratchRoot } = rooms;
      const backup = await createBackup({ source, store, storeName: 'primary', scratchRoot });
      return { store, backup, scratchRoot };
    },
    target(options = {}) {
      const { host, port, user } = running();
      return postgresTarget({ host, port, user, ...options });
    },
    databases: () => running().sql('SELECT datname FROM pg_database ORDER BY 1').split('\n'),
  };
}

function expectServer(): never {
  throw new Error('The server was not started.');
}

/** Lets nobody in without a password but the superuser of the tests. */
export function askForPasswords(server: PostgresServer): void {
  const rules = ['host all postgres 127.0.0.1/32 trust', 'host all all 127.0.0.1/32 scram-sha-256'];
  writeFileSync(join(server.directory, 'pg_hba.conf'), `${rules.join('\n')}\n`);
  server.sql('SELECT pg_reload_conf()');
}

/** Makes a user with a password; `rights` as of CREATE ROLE. */
export function makeUser(
  server: PostgresServer,
  name: string,
  password: string,
  rights = '',
): void {
  const quoted = `E'${password.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
  server.sql(`CREATE ROLE "${name}" LOGIN ${rights} PASSWORD ${quoted}`);
}
