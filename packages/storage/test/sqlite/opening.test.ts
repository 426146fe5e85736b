import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { creation, sampleFlow } from '@holdfast/core/testing';
import { sqliteRunStore } from '../../src/sqlite/index.ts';
import { MIGRATION_NAMES } from '../../src/sqlite/worker/migrations.ts';
import { remountReadOnly, requires, smallFileSystem } from './environment.ts';
import { behindItsBack, openStore, scratchDirectory, scratchFile } from './scratch.ts';

const VERSION = MIGRATION_NAMES.length;
const flow = creation(sampleFlow(1));

async function digest(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

async function refusal(path: string): Promise<unknown> {
  const store = sqliteRunStore(path, { busyTimeout: 0 });
  try {
    await store.open();
    return 'it opened';
  } catch (error) {
    return error;
  } finally {
    await store.close();
  }
}

/** A closed store with one run in it. */
async function usedFile(): Promise<string> {
  const path = await scratchFile();
  const store = await openStore(path);
  await store.commit([flow], 'machine');
  await store.close();
  return path;
}

describe('sqliteRunStore, when it opens', () => {
  it('makes the file and its tables, and marks it as a run store', async () => {
    const path = await scratchFile();
    await openStore(path);
    behindItsBack(path, (file) => {
      expect(file.prepare('pragma application_id').get()).toEqual({ application_id: 0x48465354 });
      expect(file.prepare('pragma user_version').get()).toEqual({ user_version: VERSION });
      expect(file.prepare('pragma journal_mode').get()).toEqual({ journal_mode: 'wal' });
    });
  });

  it('takes an empty file for a new one', async () => {
    const path = await scratchFile();
    await writeFile(path, '');
    const store = await openStore(path);
    expect(await store.commit([flow], 'process')).toEqual([{ ok: true }]);
  });

  it('leaves one file behind when it is closed', async () => {
    const path = await usedFile();
    expect(await readdir(dirname(path))).toEqual(['runs.db']);
  });

  it.each([
    ['a higher version', `pragma user_version = ${VERSION + 3}`, `version ${VERSION + 3}`],
    [
      'a migration it does not know',
      `insert into holdfast_migration values ('9999-from-the-future', '2027-01-01')`,
      'migration 9999-from-the-future',
    ],
  ])('refuses a file with %s, and leaves it as it is', async (_, change, found) => {
    const path = await usedFile();
    behindItsBack(path, (file) => file.exec(change));
    const before = await digest(path);
    const error = await refusal(path);
    expect(error).toMatchObject({ code: 'STORE_NEWER', retryable: false });
    const { message, hint } = error as { message: string; hint: string };
    expect(message).toContain(path);
    expect(message).toContain(found);
    expect(message).toContain(`version ${VERSION} (${MIGRATION_NAMES.at(-1)})`);
    expect(hint).toContain('Update @holdfast/storage');
    expect(await digest(path)).toBe(before);
  });

  it('stops writing to a file that newer software has migrated meanwhile', async () => {
    const path = await scratchFile();
    const store = await openStore(path);
    behindItsBack(path, (file) => file.exec(`pragma user_version = ${VERSION + 1}`));
    await expect(store.commit([flow], 'process')).rejects.toMatchObject({ code: 'STORE_NEWER' });
    expect(await store.runs({})).toEqual([]);
  });

  it('refuses what is not a database, and leaves it as it is', async () => {
    const path = await scratchFile();
    await writeFile(path, 'orders,customers\n'.repeat(500));
    const before = await digest(path);
    const error = await refusal(path);
    expect(error).toMatchObject({ code: 'STORE_NOT_A_DATABASE', retryable: false });
    expect((error as Error).message).toContain(path);
    expect(await digest(path)).toBe(before);
  });

  it("refuses another application's database, and leaves it as it is", async () => {
    const path = await scratchFile();
    behindItsBack(path, (file) => file.exec('create table orders (id integer)'));
    const before = await digest(path);
    expect(await refusal(path)).toMatchObject({ code: 'STORE_FOREIGN', retryable: false });
    expect(await digest(path)).toBe(before);
    expect(await readdir(dirname(path))).toEqual(['runs.db']);
  });

  it('refuses a directory that is missing, and a path that is one', async () => {
    const directory = await scratchDirectory();
    const missing = join(directory, 'not', 'there', 'runs.db');
    await mkdir(join(directory, 'runs.db'));
    for (const path of [missing, join(directory, 'runs.db')]) {
      const error = await refusal(path);
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
      expect((error as Error).message).toContain(path);
      expect((error as { hint: string }).hint).toContain('directory');
    }
  });

  it('refuses a damaged database', async () => {
    const path = await usedFile();
    const bytes = await readFile(path);
    bytes.fill(0xff, 100, 4096);
    await writeFile(path, bytes);
    expect(await refusal(path)).toMatchObject({ code: 'STORE_CORRUPT', retryable: false });
  });

  it('refuses a run store that lacks a table, for good', async () => {
    const path = await usedFile();
    behindItsBack(path, (file) => file.exec('drop table hook'));
    const error = await refusal(path);
    expect(error).toMatchObject({ code: 'STORE_CORRUPT', retryable: false });
    expect((error as { cause: Error }).cause.message).toContain('hook');
  });

  it('refuses a file that cannot be written', async ({ skip }) => {
    const directory = smallFileSystem('4m');
    if (directory === undefined) {
      requires(
        process.getuid?.() !== 0,
        'the right to mount a file system, or not to be root',
        skip,
      );
      const path = await usedFile();
      await chmod(path, 0o400);
      expect(await refusal(path)).toMatchObject({ code: 'STORE_READ_ONLY', retryable: false });
      return;
    }
    const path = join(directory, 'runs.db');
    const store = await openStore(path);
    await store.commit([flow], 'machine');
    await store.close();
    expect(remountReadOnly(directory)).toBe(true);
    const error = await refusal(path);
    expect(error).toMatchObject({ code: 'STORE_READ_ONLY', retryable: false });
    expect((error as Error).message).toContain(path);
  });

  it('takes no path that names no file', () => {
    for (const path of ['', ':memory:']) {
      expect(() => sqliteRunStore(path)).toThrow(
        expect.objectContaining({ code: 'STORE_PATH_INVALID' }),
      );
    }
  });
});
