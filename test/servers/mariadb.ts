import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const SERVER = '/usr/sbin/mariadbd';
const INSTALLER = '/usr/bin/mariadb-install-db';
const CLIENT = '/usr/bin/mariadb';

/** Whether a server can be started here. */
export const hasMariadb = [SERVER, INSTALLER, CLIENT].every((path) => existsSync(path));

/** What is lacking where {@link hasMariadb} is false, for the message. */
export const MARIADB_NEEDED = `MariaDB: ${SERVER}, ${INSTALLER}, ${CLIENT} (package mariadb-server) not found`;

/** A MariaDB server on a free port of 127.0.0.1, with data of its own. */
export interface MariadbServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** The path of its socket, where root may do everything without a password. */
  readonly socket: string;
  /** Runs statements by the client as root, and gives what they say: without headings, one row a line. Throws when one fails. */
  sql(statements: string, database?: string): string;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** MariaDB refuses to run as root: there its own user runs it. */
function owner(): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['mysql', 'nobody']) {
    try {
      const id = (which: string): number =>
        Number(execFileSync('id', [which, name], { encoding: 'utf8', stdio: 'pipe' }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // There is no such user.
    }
  }
  throw new Error('MariaDB needs a user other than root to run as');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const ENV = { LC_ALL: 'C', PATH: process.env['PATH'] };

function startProcess(
  directory: string,
  port: number,
  user: Owner | undefined,
  more: readonly string[],
): ChildProcess {
  const args = [
    '--no-defaults',
    `--datadir=${join(directory, 'data')}`,
    `--socket=${join(directory, 's')}`,
    '--bind-address=127.0.0.1',
    `--port=${port}`,
    '--innodb-flush-log-at-trx-commit=0',
    '--log-bin-trust-function-creators=1',
    '--character-set-server=utf8mb4',
    ...more,
  ];
  return spawn(SERVER, args, {
    ...user,
    cwd: directory,
    env: ENV,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

async function untilReady(child: ChildProcess): Promise<void> {
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    if (child.stderr === null) return reject(new Error('no stderr'));
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (said.length < 100) said.push(line);
      if (line.includes('ready for connections')) resolve();
    });
    child.once('exit', () => reject(new Error(`MariaDB did not start: ${said.join('; ')}`)));
  });
}

/**
 * Starts a server; it answers when this resolves.
 *
 * @param settings arguments of mariadbd beside ours. Default: none
 */
export async function startMariadb(settings: readonly string[] = []): Promise<MariadbServer> {
  if (!hasMariadb) throw new Error(`No server can be started: ${MARIADB_NEEDED}`);
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-mariadb-'));
  const port = await freePort();
  const user = owner();
  if (user !== undefined) await chown(directory, user.uid, user.gid);
  const socket = join(directory, 's');
  let child: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    }
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const data = `--datadir=${join(directory, 'data')}`;
    const args = [
      '--no-defaults',
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      data,
    ];
    execFileSync(INSTALLER, args, { ...user, cwd: directory, env: ENV, stdio: 'pipe' });
    child = startProcess(directory, port, user, settings);
    await untilReady(child);
  } catch (error) {
    await stop();
    throw error;
  }
  const sql = (statements: string, database = ''): string =>
    execFileSync(
      CLIENT,
      [
        '--no-defaults',
        `--socket=${socket}`,
        '--user=root',
        '--batch',
        '--raw',
        '--skip-column-names',
        '--default-character-set=utf8mb4',
        `--database=${database}`,
      ],
      { encoding: 'utf8', env: ENV, input: statements, stdio: ['pipe', 'pipe', 'pipe'] },
    ).trim();
  return { host: '127.0.0.1', port, socket, sql, stop };
}
