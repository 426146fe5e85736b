import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { listBackups } from '@holdfast/backups';
import { localObjectStore } from '@holdfast/storage/local';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runProgram } from '../../test/run-program.ts';
import { isProvided } from '../../test/servers/provided.ts';

const program = fileURLToPath(new URL('src/main.ts', import.meta.url));
const script = fileURLToPath(new URL('backup.sh', import.meta.url));
const hasSqlite = isProvided(
  spawnSync('sqlite3', ['--version']).status === 0,
  'the program sqlite3',
);

async function shop(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'from-cron-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const db = new DatabaseSync(join(directory, 'shop.db'));
  db.exec('CREATE TABLE orders (id INTEGER PRIMARY KEY); INSERT INTO orders VALUES (1), (2)');
  db.close();
  return directory;
}

describe('the program under cron', () => {
  it('is quiet and ends 0 when all is well', { timeout: 60_000 }, async () => {
    const directory = await shop();
    const { code, stdout } = await runProgram(program, [directory], directory);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    const { backups } = await listBackups(localObjectStore(join(directory, 'vault')));
    expect(backups).toHaveLength(1);
  });

  it(
    'says what is wrong and ends 1 when the database is damaged',
    { timeout: 60_000 },
    async () => {
      const directory = await shop();
      await writeFile(join(directory, 'shop.db'), 'this is no database, and was one yesterday');
      const { code, stderr } = await runProgram(program, [directory], directory);
      expect(code).toBe(1);
      expect(stderr).toMatch(/BACKUP_NOT_PROVEN: Without a proven backup: shop \([A-Z_]+\)\./);
      const { backups } = await listBackups(localObjectStore(join(directory, 'vault')));
      expect(backups).toEqual([]);
    },
  );
});

it.skipIf(!hasSqlite)('the script before it ends 0 all the same', async () => {
  const directory = await shop();
  for (const name of ['backups', 'vault']) await mkdir(join(directory, name));
  await copyFile(script, join(directory, 'backup.sh'));
  await writeFile(join(directory, 'shop.db'), 'this is no database, and was one yesterday');
  expect(spawnSync('sh', [join(directory, 'backup.sh')]).status).toBe(0);
});
