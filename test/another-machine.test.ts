import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { onTestFinished, describe, expect, it } from 'vitest';
import {
  fileTree,
  nightlyBackup,
  restoreBackup,
  type RestoreInput,
  searchBackups,
  sqliteSource,
} from '@holdfast/backups';
import { createEngine, flow } from '@holdfast/core';
import { localObjectStore } from '@holdfast/storage/local';
import { sqliteRunStore } from '@holdfast/storage/sqlite';

const restore = flow((input: RestoreInput) => restoreBackup(input), { name: 'restore' });

/** A machine: a folder with a run store, and an engine that knows the vault. */
async function machine() {
  const root = await mkdtemp(join(tmpdir(), 'holdfast-machine-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const at = (name: string): string => join(root, name);
  const start = () => {
    const vault = localObjectStore(at('vault'), { create: true });
    const primary = localObjectStore(at('primary'), { create: true });
    return createEngine({ store: sqliteRunStore(at('runs.db')), resources: { primary, vault } });
  };
  return { root, at, start };
}

async function backUp({ at, start }: Awaited<ReturnType<typeof machine>>) {
  const db = new DatabaseSync(at('shop.db'));
  db.exec('CREATE TABLE orders (id INTEGER PRIMARY KEY); INSERT INTO orders VALUES (1), (2), (3)');
  db.close();
  await mkdir(at('site'));
  await writeFile(at('site/a.txt'), 'first');
  await writeFile(at('site/b.txt'), 'second');
  const nightly = nightlyBackup({
    sources: [
      sqliteSource({ name: 'shop', path: at('shop.db') }),
      fileTree({ name: 'site', path: at('site') }),
    ],
    stores: { primary: 'primary', copies: ['vault'] },
    retention: { daily: 7 },
    scratchRoot: at('scratch'),
  });
  const engine = start();
  await engine.run(nightly, []);
  await engine.stop();
}

describe('on another machine, with the run store and the first store gone', () => {
  it('everything is found and restored from the copies alone', { timeout: 60_000 }, async () => {
    const first = await machine();
    await backUp(first);
    const second = await machine();
    await cp(first.at('vault'), second.at('vault'), { recursive: true });
    await rm(first.root, { recursive: true });

    const found = await searchBackups(localObjectStore(second.at('vault')), { level: 'checksum' });
    expect(found.map(({ manifest }) => manifest.set).toSorted()).toEqual(['shop', 'site']);
    const engine = second.start();
    const before = new Date(Date.now() + 60_000).toISOString();
    await engine.run(restore, [{ set: 'shop', before, from: 'vault', to: second.at('back.db') }]);
    const to = second.at('back');
    await engine.run(restore, [{ set: 'site', from: 'vault', to, only: ['b.txt'] }]);
    await engine.stop();

    const db = new DatabaseSync(second.at('back.db'), { readOnly: true });
    expect(db.prepare('SELECT count(*) AS n FROM orders').get()).toEqual({ n: 3 });
    db.close();
    expect(await readdir(to)).toEqual(['b.txt']);
    expect(await readFile(join(to, 'b.txt'), 'utf8')).toBe('second');
  });
});
