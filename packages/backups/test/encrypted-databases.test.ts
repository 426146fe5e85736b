import { execFile } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  commandSource,
  copyBackup,
  createBackup,
  listBackups,
  mysqlSource,
  mysqlTarget,
  postgresSource,
  postgresTarget,
  redisSource,
  type RestoreOptions,
  restoreFromStore,
  verifyBackup,
} from '@holdfast/backups';
import { localObjectStore } from '@holdfast/storage/local';
import { startMariadb } from '../../../test/servers/mariadb.ts';
import { startPostgres } from '../../../test/servers/postgres.ts';
import { startRedis } from '../../../test/servers/redis.ts';
import { canRun as canMariadb } from './mysql/rooms.ts';
import { makeShop } from './mysql/shop.ts';
import { canRun as canRedis, fill } from './redis/harness.ts';
import { hasAge, makeKey } from './support/keys.ts';
import { canRun as canPostgres } from './support/postgres-rooms.ts';
import { testRooms } from './support/rooms.ts';
import { SHOP } from './support/shop.ts';

const run = promisify(execFile);
const rooms = testRooms();

/** A source with something in it, and a place without anything. */
interface Scene {
  readonly source: Parameters<typeof createBackup>[0]['source'];
  /** What the source holds. */
  readonly held: string;
  readonly to: RestoreOptions['to'];
  /** What stands where it was restored to: by us, and by hand below a folder. */
  found(folder?: string): Promise<string> | string;
  /** What a shell is told of the fresh server, for RESTORE.md. */
  readonly env?: Readonly<Record<string, string>>;
  /** Makes room for the commands, where something was restored to already. */
  clear?(): void;
}

async function postgresScene(jobs: number): Promise<Scene> {
  const [server, fresh] = [await startPostgres(), await startPostgres()];
  onTestFinished(async () => void (await Promise.all([server.stop(), fresh.stop()])));
  server.sql("CREATE ROLE clerk LOGIN PASSWORD 'x'");
  server.createDatabase('shop');
  server.sql(`${SHOP} ALTER TABLE events OWNER TO clerk`, 'shop');
  const sum = 'SELECT count(*), sum(hashtext(t::text)), (SELECT lo_get(4711)) FROM orders t';
  const { host, port, user } = server;
  const { port: freshPort } = fresh;
  return {
    source: postgresSource({ name: 'shop', host, port, user, databases: 'shop', jobs }),
    held: server.sql(sum, 'shop'),
    to: postgresTarget({ host, port: freshPort, user }),
    found: () => fresh.sql(sum, 'shop'),
    env: {
      PATH: `${server.bin}:/usr/bin:/bin`,
      PGHOST: host,
      PGPORT: String(freshPort),
      PGUSER: user,
    },
    clear: () => void fresh.sql('DROP DATABASE shop'),
  };
}

async function mariadbScene(): Promise<Scene> {
  const [server, fresh] = [await startMariadb(), await startMariadb()];
  onTestFinished(async () => void (await Promise.all([server.stop(), fresh.stop()])));
  makeShop(server);
  const owner =
    "CREATE USER 'shop owner'@'app.example'; GRANT ALL ON *.* TO 'shop owner'@'app.example'";
  fresh.sql(owner);
  await writeFile(join(rooms.root, '.my.cnf'), `[client]\nuser=root\nsocket=${fresh.socket}\n`);
  const sum =
    'CHECKSUM TABLE customers, orders EXTENDED; SELECT COUNT(*) FROM recent; SELECT twice(2)';
  return {
    source: mysqlSource({ name: 'shop', host: server.socket, user: 'root', database: 'shop' }),
    held: server.sql(sum, 'shop'),
    to: mysqlTarget({ host: fresh.socket, user: 'root' }),
    found: () => fresh.sql(sum, 'shop'),
    clear: () => void fresh.sql('DROP DATABASE shop'),
  };
}

async function redisScene(): Promise<Scene> {
  const server = await startRedis();
  onTestFinished(() => server.stop());
  fill(server);
  const to = join(rooms.root, 'back', 'sessions.rdb');
  const sum = (one: typeof server): string =>
    [one.cli('DBSIZE'), one.cli('GET', 'key:7'), one.cli('-n', '3', 'SCARD', 'set')].join();
  return {
    source: redisSource({ name: 'sessions', port: server.port, checksums: true }),
    held: sum(server),
    to,
    async found(folder) {
      const directory = folder === undefined ? join(to, '..') : join(folder, 'restored');
      const fresh = await startRedis({ load: { directory, name: 'sessions.rdb' } });
      onTestFinished(() => fresh.stop());
      return sum(fresh);
    },
  };
}

async function commandScene(): Promise<Scene> {
  const to = join(rooms.root, 'back', 'lines.txt');
  const lines = 'a line\n'.repeat(1000);
  await writeFile(join(rooms.root, 'lines'), lines);
  return {
    source: commandSource({
      name: 'lines',
      suffix: 'txt',
      argv: ['cat', '--', join(rooms.root, 'lines')],
    }),
    held: lines,
    to,
    found: (folder) =>
      readFile(folder === undefined ? to : join(folder, 'restored', 'lines.txt'), 'utf8'),
  };
}

const SCENES: readonly (readonly [string, boolean, () => Promise<Scene>])[] = [
  ['PostgreSQL', canPostgres, () => postgresScene(1)],
  ['PostgreSQL, dumped by two processes', canPostgres, () => postgresScene(2)],
  ['MariaDB', canMariadb, mariadbScene],
  ['Redis', canRedis, redisScene],
  ['what a program prints', true, commandScene],
];

describe.skipIf(!hasAge).each(SCENES)('an encrypted backup of %s', (_name, canRun, makeScene) => {
  it.skipIf(!canRun)(
    'is archived, proven with its identity and no other, and restored, also by hand',
    { timeout: 120_000 },
    async () => {
      const { scratchRoot, root } = rooms;
      const [key, stranger] = [await makeKey(root, 'key'), await makeKey(root, 'stranger')];
      const { source, held, to, found, env, clear } = await makeScene();
      const store = localObjectStore(join(root, 'store'));
      const vault = localObjectStore(join(root, 'vault'));
      const encryption = { recipients: [key.recipient] };
      const work = { scratchRoot };
      const backup = await createBackup({
        ...work,
        source,
        store,
        storeName: 'primary',
        encryption,
      });
      await copyBackup({ backup, from: store, to: vault, toName: 'vault' });
      const decryption = async () =>
        (await listBackups(vault)).backups[0]?.proof.decryption?.verdict;

      expect(await decryption()).toBe('not proven decryptable');
      const verified = { ...work, backup, store: vault };
      const others = [
        [[], 'IDENTITY_MISSING'],
        [[stranger.identity], 'IDENTITY_UNFIT'],
      ] as const;
      for (const [identities, code] of others) {
        await expect(verifyBackup({ ...verified, identities })).rejects.toMatchObject({ code });
        const restored = restoreFromStore({ ...verified, to, identities });
        await expect(restored).rejects.toMatchObject({ code });
      }
      expect(await decryption()).toBe('not proven decryptable');
      const identities = [key.identity];
      const proof = await verifyBackup({ ...verified, identities });
      expect(proof).toMatchObject({ reached: 'restored', identities: [key.recipient] });
      expect(await decryption()).toBe('proven decryptable');

      await restoreFromStore({ ...verified, to, identities });
      expect(await found()).toBe(held);

      clear?.();
      /** Pastes the commands into a shell, in a copy of the folder. */
      const paste = async (folder: string, AGE_IDENTITY: string) => {
        await cp(join(root, 'vault', backup.path), folder, { recursive: true });
        const guide = await readFile(join(folder, 'RESTORE.md'), 'utf8');
        const commands = /^```sh\n(.*?)^```$/ms.exec(guide)?.[1] ?? 'false';
        const shell = { PATH: '/usr/bin:/bin', HOME: root, ...env, AGE_IDENTITY };
        return run('/bin/sh', ['-c', commands], { cwd: folder, env: shell });
      };
      const refused = paste(join(root, 'another stick'), stranger.path);
      await expect(refused).rejects.toMatchObject({
        stderr: expect.stringContaining('no identity matched'),
      });
      const folder = join(root, 'usb stick');
      const { stdout } = await paste(folder, key.path);
      expect(stdout).not.toContain('WRONG');
      expect(await found(folder)).toBe(held);
    },
  );
});
