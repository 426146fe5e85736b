import { chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startOwnServer } from '../servers/own-server.ts';
import type { ServerHome } from '../servers/server-home.ts';
import type { Workroom } from '../workroom.ts';
import { findServerPrograms, type Flavor, type Tool } from './programs.ts';
import { MysqlSession } from './session.ts';
import type { MysqlAddress } from './spec.ts';

const SOCKET = 's';

/**
 * Nothing in it is worth keeping: it is as fast as it can be, and reached by its socket alone. What is restored is code of
 * somebody: it runs no events, loads no plugins, and reads and writes no files but in an empty directory.
 */
const SETTINGS = [
  '--skip-networking',
  `--socket=${SOCKET}`,
  '--innodb-flush-log-at-trx-commit=0',
  '--sync-binlog=0',
  '--skip-log-bin',
  '--event-scheduler=OFF',
  '--log-bin-trust-function-creators=1',
  '--local-infile=0',
  '--max-allowed-packet=1G',
  '--character-set-server=utf8mb4',
];

/** A server that lives as long as its room. */
export interface ScratchMysql {
  /** Who connects may do everything. */
  readonly address: MysqlAddress;
  stop(): Promise<void>;
}

/** Directories that only the server may enter. */
async function makeDirectories(home: ServerHome): Promise<void> {
  for (const name of ['files', 'plugins', 'tmp']) {
    const path = join(home.path, name);
    await mkdir(path, { mode: 0o700 });
    if (home.user !== undefined) await chown(path, home.user.uid, home.user.gid);
  }
}

const dataOf = ({ path }: ServerHome): string => join(path, 'data');

function addressAt(link: string): MysqlAddress {
  return { host: join(link, SOCKET), port: 3306, user: 'root' };
}

/**
 * Makes a server of one's own and starts it.
 *
 * @param wanted taken where there are programs of both
 * @throws `SCRATCH_SERVER_FAILED`, `TOOL_MISSING`
 */
export async function startScratchMysql(
  room: Workroom,
  wanted: Flavor,
  client: Tool,
): Promise<ScratchMysql> {
  const { server, installer, flavor } = findServerPrograms(wanted);
  const { link, stop } = await startOwnServer(
    {
      what: flavor,
      users: ['mysql'],
      async initialise(home) {
        await makeDirectories(home);
        const data = `--datadir=${dataOf(home)}`;
        if (installer === undefined)
          return { program: server, args: ['--no-defaults', '--initialize-insecure', data] };
        const args = ['--auth-root-authentication-method=normal', '--skip-test-db', data];
        return { program: installer, args: ['--no-defaults', ...args] };
      },
      serve: (home) => ({
        program: server,
        args: [
          '--no-defaults',
          `--datadir=${dataOf(home)}`,
          `--secure-file-priv=${join(home.path, 'files')}`,
          `--plugin-dir=${join(home.path, 'plugins')}`,
          `--tmpdir=${join(home.path, 'tmp')}`,
          `--pid-file=${join(home.path, 'pid')}`,
          ...SETTINGS,
        ],
      }),
      socket: (home) => ({ directory: dataOf(home), name: SOCKET }),
      async isReady(at) {
        const place = { address: addressAt(at), database: undefined, client };
        const session = await MysqlSession.open(place, room).catch(() => undefined);
        await session?.close();
        return session !== undefined;
      },
      stopSignal: 'SIGTERM',
    },
    room,
  );
  return { address: addressAt(link), stop };
}
