import { isLeftBehind, ownerText, temporaryName } from '../servers/temporary-names.ts';
import type { Workroom } from '../workroom.ts';
import type { MysqlIdentity } from './identity.ts';
import type { Tool } from './programs.ts';
import { type MysqlSession, onServer, quoteName, quoteText } from './session.ts';
import type { MysqlAddress } from './spec.ts';
import { createStatement } from './swap.ts';

/**
 * Whose a database is stands in the comment of a table, in a database beside it that is made first and dropped last: MySQL
 * gives databases no comments, and what is in the copy itself is compared.
 */
const BESIDE = '_owner';
const TABLE = 'process';
/** How long a dead process's connection is waited for that still uses what it left, in seconds. */
const LOCK_WAIT = 5;

/** A database of ours on a given server. */
export interface TemporaryDatabase {
  readonly name: string;
  /** Makes it, empty, after those are dropped that killed processes left on the server. */
  readonly prepare: () => Promise<void>;
  /** Drops it, though the room's signal may have aborted. */
  readonly close: () => Promise<void>;
}

interface Given {
  readonly address: MysqlAddress;
  readonly client: Tool;
  readonly identity: MysqlIdentity;
  readonly room: Workroom;
}

/** Work that must be done though the room's signal may have aborted. */
export function unhurried(room: Workroom): Workroom {
  return { ...room, signal: new AbortController().signal };
}

async function createDatabase(
  session: MysqlSession,
  name: string,
  identity: MysqlIdentity,
): Promise<void> {
  const beside = quoteName(name + BESIDE);
  await session.run(`CREATE DATABASE ${beside}`);
  await session.run(
    `CREATE TABLE ${beside}.${TABLE} (id INT PRIMARY KEY) COMMENT = ${quoteText(ownerText())}`,
  );
  await session.run(createStatement(name, identity));
}

async function dropDatabase(session: MysqlSession, name: string): Promise<void> {
  await session.run('SET SESSION foreign_key_checks = 0');
  await session.run(`DROP DATABASE IF EXISTS ${quoteName(name)}`);
  await session.run(`DROP DATABASE IF EXISTS ${quoteName(name + BESIDE)}`);
}

/** The databases that processes left behind which are certainly dead. */
async function leftBehind(session: MysqlSession): Promise<readonly string[]> {
  const rows = await session.rows<[string, string]>(
    `SELECT JSON_ARRAY(TABLE_SCHEMA, TABLE_COMMENT) FROM information_schema.TABLES
      WHERE LEFT(TABLE_SCHEMA, 9) = 'holdfast_' AND TABLE_NAME = '${TABLE}'`,
  );
  return rows.flatMap(([beside, owner]) => {
    const name = beside.slice(0, -BESIDE.length);
    return beside.endsWith(BESIDE) && isLeftBehind(name, owner) ? [name] : [];
  });
}

/** Drops what dead processes left. What cannot be dropped now, as its connection is still at work, is left to the next. */
async function sweepDatabases({ address, client, room }: Given): Promise<void> {
  for (const name of await onServer(address, client, room, leftBehind)) {
    // Each in a session of its own: one that was told of an error has ended.
    await onServer(address, client, room, async (session) => {
      await session.run(`SET SESSION lock_wait_timeout = ${LOCK_WAIT}`);
      await dropDatabase(session, name);
    }).catch(() => undefined);
  }
}

/** Gives a database of a temporary name on a given server, which is to be like the dumped one. Nothing is made yet. */
export function temporaryDatabase(what: 'scratch' | 'restore', given: Given): TemporaryDatabase {
  const { address, client, identity, room } = given;
  const name = temporaryName(what);
  return {
    name,
    prepare: async () => {
      await sweepDatabases(given);
      await onServer(address, client, room, (session) => createDatabase(session, name, identity));
    },
    close: () =>
      onServer(address, client, unhurried(room), (session) => dropDatabase(session, name)),
  };
}
