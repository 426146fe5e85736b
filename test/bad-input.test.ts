import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  dumpSource,
  fileTree,
  functionNotifier,
  listBackups,
  nightlyBackup,
  sqliteSource,
  verifyByRestore,
  type Notice,
} from '@holdfast/backups';
import {
  createEngine,
  flow,
  task,
  runContext,
  type Engine,
  type ObjectStore,
} from '@holdfast/core';
import { localObjectStore } from '@holdfast/storage/local';
import { sqliteRunStore } from '@holdfast/storage/sqlite';
import { folder, smallDisk } from './machine.ts';

/** A database, an engine on a real run store, and a first good backup in a local store. */
class Night {
  readonly notices: Notice[] = [];
  readonly primary: ObjectStore;
  readonly engine: Engine;
  readonly database: string;
  readonly scratchRoot: string;

  private constructor(directory: string, disk: string) {
    this.database = join(directory, 'shop.db');
    this.scratchRoot = join(directory, 'scratch');
    this.primary = localObjectStore(join(disk, 'primary'));
    const db = new DatabaseSync(this.database);
    db.exec(`
      CREATE TABLE orders (id INTEGER PRIMARY KEY, note BLOB);
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
      INSERT INTO orders (note) SELECT randomblob(1000) FROM n;
    `);
    db.close();
    this.engine = createEngine({
      store: sqliteRunStore(join(directory, 'runs.db')),
      resources: {
        primary: this.primary,
        alerts: functionNotifier((notice) => void this.notices.push(notice)),
      },
    });
    onTestFinished(() => this.engine.stop());
  }

  static async begin(disk?: string): Promise<Night> {
    const directory = await folder();
    const night = new Night(directory, disk ?? directory);
    await night.engine.run(night.of(night.database));
    return night;
  }

  /** A nightly flow over one database. */
  of(path: string): ReturnType<typeof nightlyBackup> {
    return nightlyBackup({
      sources: [sqliteSource({ name: 'shop', path })],
      stores: { primary: 'primary' },
      notify: 'alerts',
      scratchRoot: this.scratchRoot,
    });
  }

  /** What the last top-level run came to. */
  async lastState(): Promise<string | undefined> {
    const [run] = await this.engine.runs({ topLevel: true, limit: 1 });
    return run?.state.type;
  }

  /** The first backup stands, is the only one, and restores. */
  async expectFirstBackupAlone(): Promise<void> {
    const { backups, problems } = await listBackups(this.primary);
    expect(problems).toEqual([]);
    expect(backups).toHaveLength(1);
    const { set = '', id = '' } = backups[0]?.manifest ?? {};
    const again = flow(async () => verifyByRestore({ backup: { set, id, store: 'primary' } }), {
      name: 'again',
    });
    expect(await this.engine.run(again)).toMatchObject({ reached: 'restored' });
  }
}

describe(
  'a night that goes wrong fails by code, and leaves what was there',
  { timeout: 60_000 },
  () => {
    it('a source that is missing', async () => {
      const night = await Night.begin();
      await expect(night.engine.run(night.of('/nowhere/shop.db'))).rejects.toMatchObject({
        code: 'BACKUP_NOT_PROVEN',
        message: expect.stringContaining('shop (SOURCE_MISSING)'),
      });
      expect(await night.lastState()).toBe('FAILED');
      expect(night.notices).toMatchObject([{ set: 'shop', code: 'SOURCE_MISSING' }]);
      expect(JSON.stringify(night.notices[0])).toContain('/nowhere/shop.db');
      await night.expectFirstBackupAlone();
    });

    it('a source that is no database', async () => {
      const night = await Night.begin();
      const path = join(night.scratchRoot, '..', 'letter.txt');
      await writeFile(path, 'Dear reader, this is no database. '.repeat(100));
      await expect(night.engine.run(night.of(path))).rejects.toMatchObject({
        context: { problems: [{ code: 'SOURCE_INVALID' }] },
      });
      await night.expectFirstBackupAlone();
    });

    it('a program that is missing', async () => {
      const night = await Night.begin();
      const dump = task(async () => (await runContext().startChild('pg_dump_of_the_future')).done, {
        name: 'dump',
      });
      await expect(night.engine.run(flow(() => dump(), { name: 'odd' }))).rejects.toMatchObject({
        code: 'TOOL_MISSING',
        message: expect.stringContaining('pg_dump_of_the_future'),
        hint: expect.any(String),
      });
      expect(await night.lastState()).toBe('FAILED');
      await night.expectFirstBackupAlone();
    });

    it('a store on a disk that is full', async () => {
      const disk = smallDisk('1200k');
      if (disk === undefined) return;
      const night = await Night.begin(disk);
      await expect(night.engine.run(night.of(night.database))).resolves.toBeDefined();
      const left = await night.primary.freeBytes?.();
      await writeFile(join(disk, 'ballast'), Buffer.alloc(Math.max(0, (left ?? 0) - 200_000)));
      const before = (await listBackups(night.primary)).backups.map(({ path }) => path);
      await expect(night.engine.run(night.of(night.database))).rejects.toMatchObject({
        context: {
          problems: [{ code: expect.stringMatching(/OBJECT_STORE_FULL|STORE_TOO_SMALL/) }],
        },
      });
      expect(await night.lastState()).toBe('FAILED');
      const after = await listBackups(night.primary);
      expect(after.backups.map(({ path }) => path)).toEqual(before);
      expect(after.problems).toEqual([]);
    });

    it('a store that cannot be written to', async () => {
      const night = await Night.begin();
      // A file stands where the set's folder would have to be.
      await writeFile(join(new URL(night.primary.url).pathname, 'other'), 'in the way');
      const dump = flow(
        async () =>
          dumpSource({
            source: fileTree({ name: 'other', path: join(night.scratchRoot, '..') }),
            store: 'primary',
          }),
        { name: 'other' },
      );
      await expect(night.engine.run(dump)).rejects.toMatchObject({ code: 'OBJECT_STORE_INVALID' });
      expect(await night.lastState()).toBe('FAILED');
      await night.expectFirstBackupAlone();
    });

    it('a run store that newer software has written', async () => {
      const directory = await folder();
      const path = join(directory, 'runs.db');
      const first = createEngine({ store: sqliteRunStore(path) });
      const hello = flow(async () => 'hello', { name: 'hello' });
      await first.run(hello);
      await first.stop();
      const db = new DatabaseSync(path);
      db.exec('PRAGMA user_version = 999');
      db.close();
      const before = await readFile(path);
      const engine = createEngine({ store: sqliteRunStore(path) });
      await expect(engine.run(hello)).rejects.toMatchObject({
        code: 'STORE_NEWER',
        message: expect.stringContaining(path),
        hint: expect.any(String),
      });
      await engine.stop();
      expect((await readFile(path)).equals(before)).toBe(true);
      expect(await readdir(directory)).toEqual(['runs.db']);
    });
  },
);
