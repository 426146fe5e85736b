import { mkdir, rm, writeFile } from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { memoryObjectStore, type ObjectStore } from '@holdfast/core';
import {
  compareServers,
  createBackup,
  fileTree,
  judgeSet,
  listBackups,
  type SampleOption,
  type ServerFingerprint,
  sqliteSource,
  verifyBackup,
  type VerifyOptions,
} from '@holdfast/backups';
import { chooseSample } from '../src/model/sample.ts';
import { sampledOnly, sampledTables, sampleTables } from '../src/sources/servers/sample-tables.ts';
import { tableContent } from '../src/sources/servers/table-content.ts';
import { makeOrders } from './support/databases.ts';
import { losesFiles } from './support/liars.ts';
import { leftIn, testRooms } from './support/rooms.ts';
import { makeTree } from './support/trees.ts';

const rooms = testRooms();
const names = Array.from({ length: 1000 }, (_, n) => `name ${n}`);
let store: ObjectStore;

beforeEach(() => {
  store = memoryObjectStore({ name: 'primary' });
});

async function makeSite(): Promise<string> {
  const site = join(rooms.root, 'site');
  await mkdir(site);
  await makeTree(site);
  return site;
}

async function verify(
  sample: SampleOption | undefined,
  more: Partial<VerifyOptions> = {},
  source = fileTree({ name: 'site', path: join(rooms.root, 'site') }),
) {
  const { scratchRoot } = rooms;
  const { backups } = await listBackups(store);
  const made = backups[0]?.manifest;
  const { sources } = more;
  const dump = { source, store, storeName: 'primary', scratchRoot, ...(sources && { sources }) };
  const backup = made ?? (await createBackup(dump));
  const { set, id } = backup;
  return verifyBackup({
    backup: { set, id },
    store,
    scratchRoot,
    ...(sample && { sample }),
    ...more,
  });
}

describe('a sample', () => {
  it('is about its share, one at least, and the same for the same seed alone', () => {
    const one = chooseSample(names, { share: 0.1, seed: 'a' });
    expect(one.size).toBeGreaterThan(60);
    expect(one.size).toBeLessThan(140);
    expect(chooseSample(names.toReversed(), { share: 0.1, seed: 'a' })).toEqual(one);
    expect(chooseSample(names, { share: 0.1, seed: 'b' })).not.toEqual(one);
    expect(chooseSample(names.slice(0, 3), { share: 1e-9, seed: 'a' }).size).toBe(1);
    expect(chooseSample([], { share: 0.5, seed: 'a' }).size).toBe(0);
  });

  it('has a share above 0 and below 1', async () => {
    await makeSite();
    for (const share of [0, 1, -1, Number.NaN, '0.5' as unknown as number]) {
      await expect(verify({ share })).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
    }
  });
});

describe('a tree that is proven by a sample', () => {
  it('has these members alone restored, whatever their names, and its record says so', async () => {
    await makeSite();
    const restored: string[] = [];
    const check = ({ path }: { readonly path: string }) => {
      restored.push(...readdirSync(path, { recursive: true, encoding: 'utf8' }));
    };
    const all = await verify(undefined, { check });
    const whole = restored.splice(0).length;
    const { sample, compared, outcome } = await verify({ share: 0.5, seed: 'x' }, { check });
    expect(outcome).toBe('passed');
    expect(sample).toMatchObject({
      share: 0.5,
      seed: 'x',
      unit: 'members',
      of: all.compared.members,
    });
    expect(sample?.taken).toBe(compared.members);
    expect(sample?.taken).toBeLessThan(sample?.of ?? 0);
    expect(restored.length).toBeLessThan(whole);
    expect(compared.storedBytes).toBeGreaterThanOrEqual(all.compared.storedBytes);
    for (const seed of ['1', '2', '3', '4']) await verify({ share: 0.9, seed });
    expect(await leftIn(rooms.scratchRoot)).toEqual([]);
  });

  it('is another sample each time, unless a seed is given', async () => {
    await makeSite();
    const seeds = [await verify({ share: 0.1 }), await verify({ share: 0.1 })];
    expect(seeds[0]?.sample?.seed).not.toBe(seeds[1]?.sample?.seed);
  });

  it('is the same where there is no tar program', async () => {
    const site = join(rooms.root, 'site');
    await mkdir(join(site, 'deep', 'down'), { recursive: true });
    for (let n = 0; n < 30; n++) {
      await writeFile(join(site, n % 2 === 0 ? 'deep' : 'deep/down', `note ${n}`), String(n));
    }
    const { sample } = await verify({ share: 0.5, seed: 'x' });
    const path = process.env['PATH'];
    process.env['PATH'] = join(rooms.root, 'nothing');
    try {
      const restored: string[] = [];
      const check = (copy: { readonly path: string }) =>
        void restored.push(...readdirSync(copy.path, { recursive: true, encoding: 'utf8' }));
      expect((await verify({ share: 0.5, seed: 'x' }, { check })).sample).toEqual(sample);
      expect(restored.length).toBeLessThan(30);
    } finally {
      process.env['PATH'] = path;
    }
  });

  it('fails by what is wrong in the sample, and by nothing else', async () => {
    const site = await makeSite();
    const other = join(rooms.root, 'other');
    await mkdir(other);
    await makeTree(other);
    await rm(join(other, 'script.sh'));
    await writeFile(join(other, 'script.sh'), 'exit 1\n', { mode: 0o751 });
    const sources = () => losesFiles(fileTree({ name: 'site', path: other }));
    const seeds = Array.from({ length: 12 }, (_, n) => String(n));
    const ends = await Promise.all(
      seeds.map((seed) =>
        verify({ share: 0.5, seed }, { sources }).then(
          ({ sample }) => sample?.taken,
          (error: { readonly context: unknown }) => error.context,
        ),
      ),
    );
    expect(site).not.toBe(other);
    expect(ends).toContainEqual(expect.any(Number));
    expect(ends).toContainEqual(expect.objectContaining({ problem: 'RESTORE_DIFFERS' }));
  });
});

describe('what is proven by a sample', () => {
  it('is never told without it', async () => {
    await makeSite();
    const { sample } = await verify({ share: 0.5 });
    const proofOf = async () => (await listBackups(store)).backups[0]?.proof;
    expect(await proofOf()).toMatchObject({ level: 'restored', sample });
    expect(await proofOf()).not.toHaveProperty('restoreMs');
    const { backups } = await listBackups(store);
    const views = [{ store: 'primary', backups, problems: [] }];
    const { summary } = judgeSet('site', views, {}, Date.now());
    expect(summary).toContain('of which a sample is restorable');
    expect(summary).toContain('a restore of a sample was last proven');
    await verify(undefined);
    expect(await proofOf()).not.toHaveProperty('sample');
    expect(await proofOf()).toHaveProperty('restoreMs');
  });

  it('is all of it where a source has no parts', async () => {
    makeOrders(join(rooms.root, 'orders.db'));
    const source = sqliteSource({ name: 'orders', path: join(rooms.root, 'orders.db') });
    const { sample, compared } = await verify({ share: 0.1 }, {}, source as never);
    expect(sample).toBeUndefined();
    expect(compared.rows).toBeGreaterThan(200);
  });
});

describe('a sample of tables', () => {
  const database = {
    database: 'shop',
    schemaSha256: 'a'.repeat(64),
    tables: names.map((table) => ({ table, rows: 10 })),
    objects: names.map((table) => tableContent(table, 10, table)),
  };
  const fingerprint: ServerFingerprint = { kind: 'server', databases: [database] };
  const taken = sampleTables(fingerprint, { share: 0.2, seed: 'a' });
  const few = taken.get('shop') ?? new Set<string>();
  const expected = sampledOnly(database, few);

  function compareWith(table: string) {
    const found = {
      ...database,
      tables: database.tables.map((one) => (one.table === table ? { table, rows: 9 } : one)),
      objects: database.objects.map((one) =>
        one.objects === `content of ${table}` ? tableContent(table, 9, 'other') : one,
      ),
    };
    const databases = [sampledOnly(found, few)];
    return compareServers({ kind: 'server', databases: [expected] }, databases).differences;
  }

  it('is compared by rows and content, and the others are not', () => {
    const [inside = ''] = few;
    const outside = names.find((name) => !few.has(name)) ?? '';
    expect(compareWith(inside).map(({ what }) => what)).toEqual([
      `table ${inside}`,
      `content of ${inside}`,
    ]);
    expect(compareWith(outside)).toEqual([]);
    const { sampled } = sampledTables(fingerprint, taken);
    expect(sampled).toEqual({ unit: 'tables', taken: few.size, of: 1000 });
    expect(sampledTables(fingerprint, undefined)).toEqual({});
  });
});
