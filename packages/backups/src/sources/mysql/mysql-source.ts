import type { ServerSource } from '../servers/server-source.ts';
import { dumpMysqlDatabase } from './dump.ts';
import { mysqlGuide } from './guide.ts';
import { openGivenServer, openOwnServer } from './open-place.ts';
import { openTargetDatabase } from './open-target.ts';
import { mysqlPreflight } from './preflight.ts';
import type { MysqlSpec, MysqlTarget } from './spec.ts';

/** Dumps, restores and compares databases of MariaDB and MySQL servers, by their own programs. */
export const mysql: ServerSource<MysqlSpec, MysqlTarget> = {
  kind: 'mysql',
  restoresTo: 'server',
  identity: ({ host, port, user, database }) => ({ host, port, user, database }),
  dump: dumpMysqlDatabase,
  guide: mysqlGuide,
  preflight: mysqlPreflight,
  openScratch: (backup, on, room) =>
    on === undefined ? openOwnServer(backup, room) : openGivenServer(backup, on, room),
  openTarget: openTargetDatabase,
};
