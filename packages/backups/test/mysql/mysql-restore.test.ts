import { execFile } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { secret } from '@holdfast/core';
import { createBackup, mysqlTarget, restoreFromStore, verifyBackup } from '@holdfast/backups';
import { localObjectStore } from '@holdfast/storage/local';
import { canRun, mysqlRooms } from './rooms.ts';
import { makeShop } from './shop.ts';

const run = promisify(execFile);
const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``;

const SUM =
  'SELECT COUNT(*), SUM(CRC32(CONCAT_WS(0, id, customer, note, HEX(picture), amount, total, flags))) FROM orders';

describe.skipIf(!canRun)('a backup of MariaDB', { timeout: 120_000 }, () => {
  const place = mysqlRooms(makeShop);
  beforeEach(() => {
    makeShop(place.server);
    const own = /^(information_schema|mysql|performance_schema|sys|shop)$/;
    for (const name of databases().filter((one) => !own.test(one))) {
      place.server.sql(`SET foreign_key_checks = 0; DROP DATABASE ${quoted(name)}`);
    }
    place.server.sql(
      "CREATE USER IF NOT EXISTS restorer@'%' IDENTIFIED BY 'r'; GRANT ALL ON *.* TO restorer@'%' WITH GRANT OPTION",
    );
    vi.stubEnv('RESTORER', 'r');
  });

  function target(database?: string) {
    const { host, port } = place.server;
    const password = secret('env:RESTORER');
    const options = { host, port, user: 'restorer', password };
    return mysqlTarget(database === undefined ? options : { ...options, database });
  }

  const databases = (): string[] => place.server.sql('SHOW DATABASES').split('\n');

  it('is restored under another name, with everything in it', async () => {
    const { store, backup } = await place.dump();
    const restored = await restoreFromStore({ backup, store, to: target('shop2') });
    expect(restored.to).toBe(`mysql://127.0.0.1:${place.server.port}/shop2`);
    const { sql } = place.server;
    expect(sql(SUM, 'shop2')).toBe(sql(SUM, 'shop'));
    expect(sql('SELECT twice(21)', 'shop2')).toBe('42');
    expect(sql('SELECT COUNT(*) FROM recent', 'shop2')).toBe('2002');
    expect(
      sql(
        'INSERT INTO orders (customer, amount) VALUES (1, 5); SELECT MAX(id) > 2002 FROM orders',
        'shop2',
      ),
    ).toBe('1');
    expect(databases().filter((name) => name.startsWith('holdfast'))).toEqual([]);
  });

  it('refuses a database with something in it, and takes an empty one', async () => {
    const { store, backup } = await place.dump();
    place.server.sql('CREATE DATABASE full; CREATE TABLE full.t (i INT); CREATE DATABASE blank');
    const before = databases();
    for (const database of ['full', undefined]) {
      const restored = restoreFromStore({ backup, store, to: target(database) });
      await expect(restored).rejects.toMatchObject({ code: 'RESTORE_TARGET_NOT_EMPTY' });
    }
    expect(place.server.sql('SHOW TABLES', 'full')).toBe('t');
    await restoreFromStore({ backup, store, to: target('blank') });
    expect(place.server.sql('SELECT COUNT(*) FROM orders', 'blank')).toBe('2002');
    expect(databases()).toEqual(before);
  });

  it('leaves nothing where it is not what it should be', async () => {
    const { store, backup } = await place.dump();
    const abort = new AbortController();
    const reason = new Error('enough');
    const restored = restoreFromStore({
      backup,
      store,
      to: target('shop2'),
      signal: abort.signal,
      startChild: async (command, options) => {
        const { startChild } = await import('@holdfast/core/process');
        const child = await startChild(command, options);
        if (options?.args?.includes('--binary-mode') === true) abort.abort(reason);
        return child;
      },
    });
    await expect(restored).rejects.toBe(reason);
    expect(databases()).not.toContain('shop2');
  });

  it('is proven on a given server, in a database that is gone afterwards', async () => {
    const { store, backup, scratchRoot } = await place.dump();
    const seen: string[] = [];
    const record = await verifyBackup({
      backup,
      store,
      scratchRoot,
      scratchServer: target(),
      check: ({ server }) => void seen.push(server.database),
    });
    expect(record.reached).toBe('restored');
    expect(seen).toEqual([expect.stringMatching(/^holdfast_scratch_[0-9a-f]{16}$/)]);
    expect(databases().filter((name) => name.startsWith('holdfast'))).toEqual([]);
  });

  it('shows on a given server that a view’s definer is not there', async () => {
    const { store, backup, scratchRoot } = await place.dump();
    place.server.sql("DROP USER 'shop owner'@'app.example'");
    const verified = verifyBackup({ backup, store, scratchRoot, scratchServer: target() });
    await expect(verified).rejects.toMatchObject({
      code: 'VERIFY_FAILED',
      context: {
        differences: [{ what: 'view owned', found: expect.stringContaining('1449') }],
      },
    });
  });

  it('comes back by the commands of RESTORE.md', async () => {
    const root = join(place.rooms.root, 'store');
    const store = localObjectStore(root);
    const { scratchRoot } = place.rooms;
    const backup = await createBackup({
      source: place.source(),
      store,
      storeName: 's',
      scratchRoot,
    });
    const folder = join(place.rooms.root, 'usb stick');
    await cp(join(root, backup.path), folder, { recursive: true });
    const guide = await readFile(join(folder, 'RESTORE.md'), 'utf8');
    const commands = /^```sh\n(.*?)^```$/ms.exec(guide)?.[1] ?? 'false';
    const { sql, socket } = place.server;
    const sum = sql(SUM, 'shop');
    sql('DROP DATABASE shop');
    await writeFile(join(place.rooms.root, '.my.cnf'), `[client]\nuser=root\nsocket=${socket}\n`, {
      mode: 0o600,
    });
    const env = { PATH: '/usr/bin:/bin', HOME: place.rooms.root };
    const paste = () => run('/bin/sh', ['-c', commands], { cwd: folder, env });
    const { stdout } = await paste();
    const lines = stdout
      .trim()
      .split('\n')
      .filter((line) => !line.endsWith(': OK'));
    expect(lines).toEqual(['ok customers', 'ok empty', 'ok orders']);
    expect(sql(SUM, 'shop')).toBe(sum);
    expect(guide).toContain('make root@localhost, shop owner@app.example first');
    await expect(paste()).rejects.toMatchObject({ code: 1 });
  });
});
