import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort, owner } from './host.ts';

const PGBOUNCER = '/usr/sbin/pgbouncer';

/** Whether a pooler can be started here. */
export const hasPgbouncer = existsSync(PGBOUNCER);

/** What is lacking where {@link hasPgbouncer} is false, for the message. */
export const PGBOUNCER_NEEDED = `PgBouncer: ${PGBOUNCER} (package pgbouncer) not found`;

/** A pooler before a PostgreSQL server, in transaction mode: a client has a connection for one transaction at a time. */
export interface Pgbouncer {
  /** A connection string. */
  url(database?: string): string;
  stop(): Promise<void>;
}

function configFor(port: number, serverPort: number): string {
  return [
    '[databases]',
    `* = host=127.0.0.1 port=${serverPort} user=postgres`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
    'pool_mode = transaction',
    // Few, so that clients take turns on them.
    'default_pool_size = 3',
    '',
  ].join('\n');
}

/** Starts a pooler before the server on this port; it answers when this resolves. */
export async function startPgbouncer(serverPort: number): Promise<Pgbouncer> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-pgbouncer-'));
  const user = owner();
  if (user !== undefined) await chown(directory, user.uid, user.gid);
  const port = await freePort();
  const config = join(directory, 'pgbouncer.ini');
  await writeFile(config, configFor(port, serverPort));
  if (user !== undefined) await chown(config, user.uid, user.gid);
  const child = spawn(PGBOUNCER, [config], {
    ...user,
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exit = once(child, 'exit');
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (said.length < 100) said.push(line);
      if (line.includes('process up')) resolve();
    });
    void exit.then(() => reject(new Error(`PgBouncer did not start: ${said.join('; ')}`)));
  });
  return {
    url: (database = 'postgres') => `postgresql://postgres@127.0.0.1:${port}/${database}`,
    async stop() {
      child.kill('SIGQUIT');
      await exit;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
