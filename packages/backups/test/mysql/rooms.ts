import { afterAll, beforeAll, beforeEach, vi } from 'vitest';
import { memoryObjectStore, type ObjectStore, secret } from '@holdfast/core';
import {
  type Backup,
  createBackup,
  type MysqlOptions,
  mysqlSource,
  type StartChild,
} from '@holdfast/backups';
import {
  hasMariadb,
  MARIADB_NEEDED,
  type MariadbServer,
  startMariadb,
} from '../../../../test/servers/mariadb.ts';
import { type Rooms, testRooms } from '../support/rooms.ts';
import { isProvided } from '../../../../test/servers/provided.ts';

/** Whether these tests can run; in CI they must. */
export const canRun = isProvided(hasMariadb, MARIADB_NEEDED);

/** What the user that dumps is called, and its password. */
export const USER = 'back up';
export const PASSWORD = `a#b\\c"d'e é😀 ;x \t:@/`;

export interface Dumped {
  readonly store: ObjectStore;
  readonly backup: Backup;
  readonly scratchRoot: string;
}

/** A server for all tests of a file, and a directory for each. */
export interface MysqlRooms {
  readonly rooms: Rooms;
  readonly server: MariadbServer;
  source(more?: Partial<MysqlOptions>): ReturnType<typeof mysqlSource>;
  dump(more?: Partial<MysqlOptions>, startChild?: StartChild): Promise<Dumped>;
}

const RIGHTS = 'SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES, RELOAD, PROCESS';

/** Quotes a text for SQL. */
function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, (char) => `\\${char}`)}'`;
}

export function mysqlRooms(prepare: (server: MariadbServer) => void): MysqlRooms {
  const rooms = testRooms();
  let server: MariadbServer | undefined;
  beforeAll(async () => {
    if (!canRun) return;
    server = await startMariadb();
    server.sql(`CREATE USER ${quoted(USER)}@'%' IDENTIFIED BY ${quoted(PASSWORD)};
      GRANT ${RIGHTS} ON *.* TO ${quoted(USER)}@'%';`);
    prepare(server);
  }, 120_000);
  beforeEach(() => void vi.stubEnv('MYSQL_TEST_PASSWORD', PASSWORD));
  afterAll(() => server?.stop(), 60_000);
  const running = (): MariadbServer => {
    if (server === undefined) throw new Error('The server was not started.');
    return server;
  };
  const source = (more: Partial<MysqlOptions> = {}) =>
    mysqlSource({
      name: 'shop',
      port: running().port,
      user: USER,
      password: secret('env:MYSQL_TEST_PASSWORD'),
      database: 'shop',
      ...more,
    });
  return {
    rooms,
    get server() {
      return running();
    },
    source,
    async dump(more, startChild) {
      const store = memoryObjectStore();
      const { scratchRoot } = rooms;
      const backup = await createBackup({
        source: source(more),
        store,
        storeName: 'primary',
        scratchRoot,
        ...(startChild === undefined ? {} : { startChild }),
      });
      return { store, backup, scratchRoot };
    },
  };
}
