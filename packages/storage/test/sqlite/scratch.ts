import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { RunStoreHarness } from '@holdfast/core/testing';
import { onTestFinished } from 'vitest';
import { sqliteRunStore } from '../../src/sqlite/index.ts';
import type { SqliteRunStore, SqliteRunStoreOptions } from '../../src/sqlite/index.ts';

/** A directory of its own for a test, removed when the test has finished. */
export async function scratchDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-sqlite-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A path for a new store in a directory of its own. */
export async function scratchFile(): Promise<string> {
  return join(await scratchDirectory(), 'runs.db');
}

/** An open store, closed when the test has finished. */
export async function openStore(
  path: string,
  options?: SqliteRunStoreOptions,
): Promise<SqliteRunStore> {
  const store = sqliteRunStore(path, options);
  onTestFinished(() => store.close());
  await store.open();
  return store;
}

/** Reads or changes a store's file behind its back. */
export function behindItsBack<T>(path: string, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(path);
  try {
    return work(database);
  } finally {
    database.close();
  }
}

/** What the contract suite needs. */
export async function sqliteHarness(): Promise<RunStoreHarness> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-sqlite-'));
  const path = join(directory, 'runs.db');
  const opened: SqliteRunStore[] = [];
  const open = async (): Promise<SqliteRunStore> => {
    const store = sqliteRunStore(path);
    opened.push(store);
    await store.open();
    return store;
  };
  return {
    store: await open(),
    reopen: async () => {
      await opened.at(-1)?.close();
      return open();
    },
    damage: async (id) => {
      behindItsBack(path, (database) =>
        database.prepare(`update run set body_json = '{"tags":' where id = ?`).run(id),
      );
    },
    close: async () => {
      for (const store of opened) await store.close();
      await rm(directory, { recursive: true });
    },
  };
}
