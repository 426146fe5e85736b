import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { objectStoreSuite } from '@holdfast/core/testing';
import { expect, it, onTestFinished } from 'vitest';
import { runProgram } from '../../test/run-program.ts';
import { TableStore } from './src/table-store.ts';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'own-object-store-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

objectStoreSuite('TableStore', async () => {
  const path = join(await folder(), 'objects.db');
  const store = new TableStore(path);
  return { store, reopen: async () => new TableStore(path), close: () => store.close() };
});

it('is an adapter of fewer than 100 lines', async () => {
  const source = await readFile(new URL('src/table-store.ts', import.meta.url), 'utf8');
  expect(source.trimEnd().split('\n').length).toBeLessThan(100);
});

it('tells what SQLite says as a store does', async () => {
  const path = join(await folder(), 'objects.db');
  const store = new TableStore(path);
  await store.put('a', Buffer.from('x'));
  const other = new DatabaseSync(path);
  other.exec('drop table object');
  await expect(store.head('a')).rejects.toMatchObject({ problem: 'unavailable' });
  other.close();
  await store.close();
});

const program = fileURLToPath(new URL('src/main.ts', import.meta.url));

it('writes notes, and none over another', { timeout: 30_000 }, async () => {
  const directory = await folder();
  const first = await runProgram(program, ['notes.db', 'b', 'two', 'a/1', 'one'], directory);
  expect(first.stdout).toBe('a/1: 3 bytes\nb: 3 bytes\n');
  const second = await runProgram(program, ['notes.db', 'b', 'again'], directory);
  expect(second.stderr).toContain("OBJECT_EXISTS: write 'b'");
  expect(second.code).toBe(1);
});
