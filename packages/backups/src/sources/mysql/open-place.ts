import type { StoredBackup } from '../source.ts';
import type { Workroom } from '../workroom.ts';
import { readIdentity } from './identity.ts';
import { MysqlPlace } from './place.ts';
import { findTool } from './programs.ts';
import { startScratchMysql } from './scratch-server.ts';
import { onServer, quoteText } from './session.ts';
import type { MysqlTarget } from './spec.ts';
import { createStatement } from './swap.ts';
import { temporaryDatabase } from './temporary-database.ts';

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
  const { name, prepare, close } = temporaryDatabase('scratch', {
    address: on,
    client,
    identity,
    room,
  });
  const at = { address: on, database: name, client };
  return MysqlPlace.open({ backup, room, at, prepare, close });
}
