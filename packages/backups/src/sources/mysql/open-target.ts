import { HoldfastError } from '@holdfast/core';
import { serverFingerprint, tablesOnly } from '../servers/compare-databases.ts';
import type { ServerRestoreOptions, Swapped } from '../servers/server-source.ts';
import type { StoredBackup } from '../source.ts';
import type { Workroom } from '../workroom.ts';
import { readIdentity } from './identity.ts';
import { MysqlPlace } from './place.ts';
import { findTool } from './programs.ts';
import { onServer } from './session.ts';
import { mysqlUrl, type MysqlTarget } from './spec.ts';
import { lookAt, swapDatabases } from './swap.ts';
import { temporaryDatabase, unhurried } from './temporary-database.ts';

/**
 * Opens a place beside a target's database, on its server.
 *
 * @throws `RESTORE_TARGET_NOT_EMPTY`, `RESTORE_TABLE_UNKNOWN`
 */
export async function openTargetDatabase(
  backup: StoredBackup,
  to: MysqlTarget,
  { overwrite, tables }: ServerRestoreOptions,
  room: Workroom,
): Promise<MysqlPlace> {
  const identity = readIdentity(backup.manifest);
  const name = to.database ?? identity.database;
  const [dumped] = serverFingerprint(backup.manifest).databases;
  if (tables !== undefined && dumped !== undefined) tablesOnly(dumped, tables);
  const client = await findTool('client', room);
  const dump = await findTool('dump', room);
  const server = { address: to, database: undefined, client };
  const stands = await onServer(to, client, room, (session) => lookAt(session, name));
  if (stands === 'something' && !overwrite) {
    const url = mysqlUrl(to, name);
    throw new HoldfastError(
      'RESTORE_TARGET_NOT_EMPTY',
      `${url} holds something already; nothing was restored.`,
      {
        hint: 'Restore under another name, or pass overwrite: true: what is there is then kept beside.',
        retryable: false,
        context: { database: name },
      },
    );
  }
  const copy = temporaryDatabase('restore', { address: to, client, identity, room });
  const { name: staged, prepare, close } = copy;
  const { id } = backup.manifest;
  const parts = { server, dump, staged, name, tables, identity, id, room: unhurried(room) };
  const swap = (): Promise<Swapped> =>
    onServer(to, client, parts.room, (session) => swapDatabases(parts, session));
  return MysqlPlace.open({
    backup,
    room,
    at: { address: to, database: staged, client },
    swap,
    prepare,
    close,
  });
}
