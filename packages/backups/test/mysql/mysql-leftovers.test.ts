import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { secret } from '@holdfast/core';
import { currentProcess, formatIdentity } from '@holdfast/core/process';
import { mysqlTarget, restoreFromStore, verifyBackup } from '@holdfast/backups';
import { canRun, mysqlRooms } from './rooms.ts';
import { makeShop } from './shop.ts';

const PROGRAM = fileURLToPath(new URL('../support/leave-mysql.ts', import.meta.url));

const DEAD = formatIdentity({ ...currentProcess(), startTime: '1' });
const LIVING = formatIdentity(currentProcess());
const ELSEWHERE = formatIdentity({ ...currentProcess(), bootId: 'x', hostId: 'y' });

describe.skipIf(!canRun)(
  'what killed processes leave on a given MariaDB',
  { timeout: 120_000 },
  () => {
    const place = mysqlRooms(makeShop);
    const sql = (statements: string) => place.server.sql(statements);
    const databases = (): string[] => sql('SHOW DATABASES').split('\n');

    beforeEach(() => {
      const own = /^(information_schema|mysql|performance_schema|sys|shop)$/;
      for (const name of databases().filter((one) => !own.test(one))) sql(`DROP DATABASE ${name}`);
      sql(
        "CREATE USER IF NOT EXISTS restorer@'%' IDENTIFIED BY 'r'; GRANT ALL ON *.* TO restorer@'%'",
      );
      vi.stubEnv('RESTORER', 'r');
    });

    function target(database?: string) {
      const { host, port } = place.server;
      const options = { host, port, user: 'restorer', password: secret('env:RESTORER') };
      return mysqlTarget(database === undefined ? options : { ...options, database });
    }

    /** Makes a database with a table, and beside it what says whose it is. */
    function leave(name: string, owner: string): void {
      sql(`CREATE DATABASE ${name}; CREATE TABLE ${name}.t (id INT); CREATE DATABASE ${name}_owner;
      CREATE TABLE ${name}_owner.process (id INT PRIMARY KEY) COMMENT = '${owner}'`);
    }

    it('stays while they live, and is dropped by the next proof when they are dead', async () => {
      const args = ['--conditions=@holdfast/source', PROGRAM, place.rooms.scratchRoot];
      const parent = spawn(process.execPath, [...args, String(place.server.port)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      onTestFinished(() => void parent.kill('SIGKILL'));
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const left = line.toString().trim();
      expect(left).toMatch(/^holdfast_scratch_[0-9a-f]{16}$/);
      const dumped = await place.dump();
      await verifyBackup({ ...dumped, scratchServer: target() });
      const ours = () => databases().filter((name) => name.startsWith('holdfast'));
      expect(ours()).toEqual([left, `${left}_owner`]);
      parent.kill('SIGKILL');
      await once(parent, 'exit');
      await verifyBackup({ ...dumped, scratchServer: target() });
      expect(ours()).toEqual([]);
    });

    it('is dropped by the next restore, and nothing of others is', async () => {
      leave('holdfast_restore_00000000000000aa', DEAD);
      leave('holdfast_scratch_00000000000000aa', DEAD);
      // Its process was killed before the copy itself was made.
      leave('holdfast_scratch_00000000000000ab', DEAD);
      sql('DROP DATABASE holdfast_scratch_00000000000000ab');
      leave('holdfast_scratch_00000000000000bb', LIVING);
      leave('holdfast_restore_00000000000000cc', ELSEWHERE);
      leave('holdfast_scratch_00000000000000dd', 'nobody knows');
      leave('holdfast_own', DEAD);
      sql('CREATE DATABASE holdfast_restore_00000000000000aa_before_20260101t000000z_00ff');
      sql('CREATE DATABASE holdfast_scratch_00000000000000ee');
      const before = databases();
      const { store } = await place.dump();
      const { scratchRoot } = place.rooms;
      await restoreFromStore({ store, set: 'shop', to: target('anew'), scratchRoot });
      expect(before.filter((name) => !databases().includes(name))).toEqual([
        'holdfast_restore_00000000000000aa',
        'holdfast_restore_00000000000000aa_owner',
        'holdfast_scratch_00000000000000aa',
        'holdfast_scratch_00000000000000aa_owner',
        'holdfast_scratch_00000000000000ab_owner',
      ]);
      expect(databases().filter((name) => !before.includes(name))).toEqual(['anew']);
    });

    it('is no part of what a restore keeps: that stays when its process is dead, too', async () => {
      sql('CREATE DATABASE old; CREATE TABLE old.t (id INT); INSERT INTO old.t VALUES (1)');
      const { store } = await place.dump();
      const { scratchRoot } = place.rooms;
      const work = { store, set: 'shop', scratchRoot };
      const { replaced = '' } = await restoreFromStore({
        ...work,
        to: target('old'),
        overwrite: true,
      });
      const kept = decodeURIComponent(new URL(replaced).pathname.slice(1));
      expect(sql('SHOW DATABASES LIKE "%owner"')).toBe('');
      leave('holdfast_restore_00000000000000aa', DEAD);
      await restoreFromStore({ ...work, to: target('anew') });
      expect(databases()).not.toContain('holdfast_restore_00000000000000aa');
      expect(sql(`SELECT id FROM ${kept}.t`)).toBe('1');
    });

    it('waits for the next while a connection still uses it, and hinders neither the proof nor the rest', async () => {
      const names = ['holdfast_scratch_00000000000000aa', 'holdfast_scratch_00000000000000ab'];
      for (const name of names) leave(name, DEAD);
      const [busy = ''] = names;
      const args = ['--no-defaults', `--socket=${place.server.socket}`, '--user=root', '-N', '-n'];
      const user = spawn('/usr/bin/mariadb', args, { stdio: ['pipe', 'pipe', 'inherit'] });
      onTestFinished(() => void user.kill());
      user.stdin.write(`BEGIN; SELECT COUNT(*) FROM ${busy}.t;\n`);
      await once(user.stdout, 'data');
      const dumped = await place.dump();
      const record = await verifyBackup({ ...dumped, scratchServer: target() });
      expect(record.reached).toBe('restored');
      const left = () => databases().filter((name) => name.startsWith('holdfast'));
      expect(left()).toEqual([busy, `${busy}_owner`]);
      user.stdin.end();
      await once(user, 'exit');
      await verifyBackup({ ...dumped, scratchServer: target() });
      expect(left()).toEqual([]);
    });
  },
);
