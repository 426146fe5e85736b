import type { Workroom } from '../workroom.ts';
import { feedChild } from '../servers/feed-child.ts';
import { mysqlError, restoreError } from './errors.ts';
import { prepareLogin } from './login.ts';
import type { SessionPlace } from './session.ts';
import { mysqlUrl } from './spec.ts';

/**
 * Such as what is fed in is code of somebody: with `--binary-mode` the client runs no commands of its own for it
 * (`system`, `\!`), and leaves its bytes alone.
 */
const ARGUMENTS = ['--binary-mode', '--default-character-set=utf8mb4', '--max-allowed-packet=1G'];

/**
 * Feeds a dump into a database.
 *
 * @throws `RESTORE_FAILED`, `RESTORE_PREREQUISITE_MISSING`, `SOURCE_UNREACHABLE`
 */
export async function feedDump(
  place: SessionPlace,
  bytes: AsyncIterable<Uint8Array>,
  room: Workroom,
): Promise<void> {
  const { address, database = '', client } = place;
  const login = await prepareLogin(address, client, room);
  try {
    const child = await room.startChild(client.command, {
      args: [login.arg, '--batch', ...ARGUMENTS, `--database=${database}`],
      stdin: 'pipe',
      signal: room.signal,
    });
    await feedChild(bytes, child);
  } catch (error) {
    throw restoreError(error, mysqlUrl(address, database));
  } finally {
    await login.forget();
  }
}

/** Runs statements; gives the last one's answer as the client's XML. */
export async function askForXml(
  place: SessionPlace,
  statements: string,
  room: Workroom,
): Promise<string> {
  const { address, database = '', client } = place;
  const login = await prepareLogin(address, client, room);
  try {
    const child = await room.startChild(client.command, {
      args: [login.arg, '--xml', ...ARGUMENTS, `--database=${database}`],
      stdin: 'pipe',
      signal: room.signal,
    });
    child.stdin?.end(statements);
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout ?? []) chunks.push(chunk as Buffer);
    await child.done;
    return Buffer.concat(chunks).toString('utf8');
  } catch (error) {
    throw mysqlError(error, mysqlUrl(address, database));
  } finally {
    await login.forget();
  }
}
