import { randomBytes } from 'node:crypto';
import { HoldfastError } from '@holdfast/core';
import type { ServerRestoreOptions } from '../servers/server-source.ts';
import type { StoredBackup } from '../source.ts';
import type { Workroom } from '../workroom.ts';
import { type MysqlIdentity, readIdentity } from './identity.ts';
import { MysqlPlace } from './place.ts';
import { findTool, type Tool } from './programs.ts';
import { startScratchMysql } from './scratch-server.ts';
import { MysqlSession, quoteName, quoteText } from './session.ts';
import { type MysqlAddress, mysqlUrl, type MysqlTarget } from './spec.ts';

function createStatement(name: string, { charset, collation }: MysqlIdentity): string {
  return `CREATE DATABASE ${quoteName(name)} CHARACTER SET ${charset} COLLATE ${collation}`;
}

async function onServer<T>(
  address: MysqlAddress,
  client: Tool,
  room: Workroom,
  work: (session: MysqlSession) => Promise<T>,
): Promise<T> {
  const session = await MysqlSession.open({ address, database: undefined, client }, room);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** Work that must be done though the room's signal may have aborted. */
function unhurried(room: Workroom): Workroom {
  return { ...room, signal: new AbortController().signal };
}

/**
 * Statements that make the accounts in whose name things act: locked, on a server of one's own. There a missing one is
 * no fault of the backup, which does not hold accounts.
 */
function accountStatements(definers: readonly string[]): readonly string[] {
  return definers.flatMap((definer) => {
    const at = definer.lastIndexOf('@');
    const [user, host] = [definer.slice(0, at), definer.slice(at + 1)];
    // Without a host it is a role.
    if (at < 1 || host === '') return [];
    const account = `${quoteText(user)}@${quoteText(host)}`;
    return [
      `CREATE USER IF NOT EXISTS ${account} ACCOUNT LOCK`,
      `GRANT ALL PRIVILEGES ON *.* TO ${account}`,
    ];
  });
}

/**
 * Opens a place on a server of its own, where the database is called as it was.
 *
 * @throws `SCRATCH_SERVER_FAILED`, `TOOL_MISSING`
 */
export async function openOwnServer(backup: StoredBackup, room: Workroom): Promise<MysqlPlace> {
  const identity = readIdentity(backup.manifest);
  const { database, flavor, definers } = identity;
  const client = await findTool('client', room);
  const server = await startScratchMysql(room, flavor, client);
  const { address } = server;
  return MysqlPlace.open({
    backup,
    room,
    at: { address, database, client },
    isTarget: false,
    prepare: () =>
      onServer(address, client, room, async (session) => {
        for (const statement of accountStatements(definers)) await session.run(statement);
        await session.run(createStatement(database, identity));
      }),
    close: () => server.stop(),
  });
}

/** Opens a scratch place on a given server: a database of a temporary name, dropped afterwards. */
export async function openGivenServer(
  backup: StoredBackup,
  on: MysqlTarget,
  room: Workroom,
): Promise<MysqlPlace> {
  const identity = readIdentity(backup.manifest);
  const client = await findTool('client', room);
  const database = `holdfast_scratch_${randomBytes(8).toString('hex')}`;
  return MysqlPlace.open({
    backup,
    room,
    at: { address: on, database, client },
    isTarget: false,
    prepare: () =>
      onServer(on, client, room, async (session) => {
        await session.run(createStatement(database, identity));
      }),
    close: () =>
      onServer(on, client, unhurried(room), async (session) => {
        await session.run(`DROP DATABASE IF EXISTS ${quoteName(database)}`);
      }),
  });
}

/** What stands under a name; the bigger of two numbers counts. */
async function lookAt(
  session: MysqlSession,
  name: string,
): Promise<'nothing' | 'empty' | 'something'> {
  const text = quoteText(name);
  const [there] = await session.run(
    `SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${text}`,
  );
  if (there === '0') return 'nothing';
  const [objects] = await session.run(
    `SELECT (SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${text})
      + (SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ${text})
      + (SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${text})`,
  );
  return objects === '0' ? 'empty' : 'something';
}

function refuse(code: string, why: string, hint: string, database: string): HoldfastError {
  return new HoldfastError(code, why, { hint, retryable: false, context: { database } });
}

/**
 * Opens a target's database, which is not there or empty. These servers cannot rename databases: it is restored to where
 * it is to stand, and removed again unless it compares well.
 *
 * @throws `RESTORE_TARGET_NOT_EMPTY`; `RESTORE_TARGET_INVALID` single tables are asked for
 */
export async function openTargetDatabase(
  backup: StoredBackup,
  to: MysqlTarget,
  { tables }: ServerRestoreOptions,
  room: Workroom,
): Promise<MysqlPlace> {
  const identity = readIdentity(backup.manifest);
  const database = to.database ?? identity.database;
  const url = mysqlUrl(to, database);
  if (tables !== undefined) {
    const hint = 'Restore the whole under another name, and copy the tables from there.';
    throw refuse(
      'RESTORE_TARGET_INVALID',
      'Single tables cannot be restored from SQL.',
      hint,
      database,
    );
  }
  const client = await findTool('client', room);
  const stands = await onServer(to, client, room, (session) => lookAt(session, database));
  if (stands === 'something') {
    const why = `${url} holds something already; nothing was restored.`;
    const hint =
      'Restore under another name. These servers cannot rename databases, so nothing is moved aside, with overwrite either.';
    throw refuse('RESTORE_TARGET_NOT_EMPTY', why, hint, database);
  }
  let begun = false;
  return MysqlPlace.open({
    backup,
    room,
    at: { address: to, database, client },
    isTarget: true,
    prepare: () =>
      onServer(to, client, room, async (session) => {
        if (stands === 'nothing') await session.run(createStatement(database, identity));
        begun = true;
      }),
    close: async (keep) => {
      if (keep || !begun) return;
      await onServer(to, client, unhurried(room), async (session) => {
        await session.run(`DROP DATABASE IF EXISTS ${quoteName(database)}`);
        if (stands === 'empty') await session.run(createStatement(database, identity));
      });
    },
  });
}
