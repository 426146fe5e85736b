import type { ServerSource } from '../servers/server-source.ts';
import { dumpPostgresServer } from './dump.ts';
import { openGivenServer, openGivenTarget } from './given-server.ts';
import { postgresGuide } from './guide.ts';
import { openOwnServer } from './own-server.ts';
import { postgresPreflight } from './preflight.ts';
import type { PostgresSpec, PostgresTarget } from './spec.ts';

/** Dumps, restores and compares databases of PostgreSQL servers, by PostgreSQL's own programs. */
export const postgres: ServerSource<PostgresSpec, PostgresTarget> = {
  kind: 'postgres',
  restoresTo: 'server',
  identity: ({ host, port, user, databases }) => ({ host, port, user, databases }),
  dump: dumpPostgresServer,
  guide: postgresGuide,
  preflight: postgresPreflight,
  openScratch: (backup, on, room) =>
    on === undefined ? openOwnServer(backup, room) : openGivenServer({ backup, target: on, room }),
  openTarget: (backup, target, options, room) => openGivenTarget({ backup, target, room }, options),
};
