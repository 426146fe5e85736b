import { randomBytes } from 'node:crypto';
import type { StoredBackup } from '../source.ts';
import type { Workroom } from '../workroom.ts';
import { readIdentity } from './identity.ts';
import { MysqlPlace } from './place.ts';
import { findTool, type Tool } from './programs.ts';
import { startScratchMysql } from './scratch-server.ts';
import { MysqlSession, quoteName, quoteText } from './session.ts';
import type { MysqlAddress, MysqlTarget } from './spec.ts';
import { createStatement } from './swap.ts';

/** Opens a session with a server, uses it, and closes it. */
export async function onServer<T>(
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
export function unhurried(room: Workroom): Workroom {
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
