import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { listBackups } from '@holdfast/backups';
import { localObjectStore } from '@holdfast/storage/local';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runProgram } from '../../test/run-program.ts';

const program = fileURLToPath(new URL('src/main.ts', import.meta.url));
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'custom-task-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

function makeOldShop(): void {
  const db = new DatabaseSync(join(directory, 'shop.db'));
  db.exec('CREATE TABLE orders (id INTEGER PRIMARY KEY, placed_at INTEGER NOT NULL)');
  db.prepare('INSERT INTO orders (placed_at) VALUES (?)').run(Date.UTC(2020, 0, 1));
  db.close();
}

it('copies a backup that is proven and recent', { timeout: 60_000 }, async () => {
  const { code, stdout, stderr } = await runProgram(program, [directory], directory);
  expect(stderr).not.toMatch(/Error/);
  expect(stdout).toMatch(/: restored, 1000 orders, copied to vault\n$/);
  expect(code).toBe(0);
  const { backups, problems } = await listBackups(localObjectStore(join(directory, 'vault')));
  expect(problems).toEqual([]);
  expect(backups.map(({ proof }) => proof.level)).toEqual(['checksum']);
});

it('keeps a backup of stale data out of the vault', { timeout: 60_000 }, async () => {
  makeOldShop();
  const { code, stderr } = await runProgram(program, [directory], directory);
  expect(stderr).toMatch(/^ORDERS_STALE: The newest of 1 orders is too old\.$/m);
  expect(code).toBe(1);
  expect(existsSync(join(directory, 'vault'))).toBe(false);
});
