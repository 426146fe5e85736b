import { randomBytes } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { memoryObjectStore, type ObjectStore } from '@holdfast/core';
import {
  type Backup,
  copyBackup,
  createBackup,
  fileTree,
  listBackups,
  restoreFromStore,
  verifyBackup,
} from '@holdfast/backups';
import { localObjectStore } from '@holdfast/storage/local';
import { folder, smallDisk } from './machine.ts';

const MIB = 1024 * 1024;
/** What a full disk is told as, wherever it fills up. */
const FULL =
  /^(?:OBJECT_STORE_FULL|STORE_TOO_SMALL|SCRATCH_TOO_SMALL|TARGET_TOO_SMALL|TOOL_FAILED|RESTORE_FAILED)$/;

/** A tree of 6 MiB that no compression makes smaller, and places to work in. */
async function tree() {
  const root = await folder();
  const path = join(root, 'site');
  await mkdir(path);
  for (let number = 0; number < 6; number++) {
    await writeFile(join(path, `${number}.bin`), randomBytes(MIB));
  }
  const source = fileTree({ name: 'site', path });
  return { root, source, scratchRoot: join(root, 'scratch') };
}

async function backedUp() {
  const place = await tree();
  const store = memoryObjectStore();
  const backup = await createBackup({ ...place, store, storeName: 'primary' });
  return { ...place, store, backup };
}

/** Everything below a directory that is no directory. */
async function filesIn(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
}

async function keysOf(store: ObjectStore): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('')) keys.push(key);
  return keys;
}

/** The code that work fails with. */
async function codeOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'it went well',
    (error: unknown) => (error as { readonly code?: unknown }).code,
  );
}

describe('a disk that is full', () => {
  it.each([true, false])(
    'where a backup is stored: nothing is published, and nothing stays (encrypted: %s)',
    async (isEncrypted) => {
      const disk = smallDisk('4m');
      if (disk === undefined) return;
      const place = await tree();
      const store = localObjectStore(join(disk, 'store'));
      const recipients = ['age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj'];
      const encryption = isEncrypted ? { encryption: { recipients } } : {};
      const work = createBackup({ ...place, ...encryption, store, storeName: 'primary' });
      expect(await codeOf(work)).toBe('OBJECT_STORE_FULL');
      expect((await listBackups(store)).backups).toEqual([]);
      expect(await filesIn(disk)).toEqual([]);
      expect(await readdir(place.scratchRoot)).toEqual([]);
    },
  );

  it('where a copy goes: the first copy stays, and the second is none', async () => {
    const disk = smallDisk('4m');
    if (disk === undefined) return;
    const { store, backup, scratchRoot } = await backedUp();
    const to = localObjectStore(join(disk, 'vault'));
    const work = copyBackup({ backup, from: store, to, toName: 'vault' });
    expect(await codeOf(work)).toBe('OBJECT_STORE_FULL');
    expect((await listBackups(to)).backups).toEqual([]);
    await verifyBackup({ backup, store, scratchRoot });
  });

  it('where a backup is restored to: an error, and nothing in its place', async () => {
    const disk = smallDisk('4m');
    if (disk === undefined) return;
    const { store, backup } = await backedUp();
    const work = restoreFromStore({ backup, store, to: join(disk, 'site') });
    expect(await codeOf(work)).toMatch(FULL);
    expect(await readdir(disk)).toEqual([]);
  });

  it('where a restore is tried: an error of the place, and no word against the backup', async () => {
    const disk = smallDisk('4m');
    if (disk === undefined) return;
    const { store, backup } = await backedUp();
    const scratchRoot = join(disk, 'scratch');
    expect(await codeOf(verifyBackup({ backup, store, scratchRoot }))).toMatch(FULL);
    const { backups } = await listBackups(store);
    expect(backups).toHaveLength(1);
    expect((await keysOf(store)).filter((key) => key.includes('verifications/'))).toEqual([]);
    expect(await readdir(scratchRoot)).toEqual([]);
  });
});

/** A store that says of one object that it has all bytes, and has others. */
function lying(store: ObjectStore, name: string, keep: (bytes: Buffer) => Buffer): ObjectStore {
  const put: ObjectStore['put'] = async (key, body, options) => {
    const chunks: Uint8Array[] = [];
    if (body instanceof Uint8Array) chunks.push(body);
    else for await (const chunk of body) chunks.push(Uint8Array.from(chunk));
    const bytes = Buffer.concat(chunks);
    const info = await store.put(key, key.endsWith(name) ? keep(bytes) : bytes, options);
    return { ...info, bytes: bytes.length };
  };
  return new Proxy(store, {
    get: (target, property) => (property === 'put' ? put : bound(target, property)),
  });
}

function bound(target: ObjectStore, property: string | symbol): unknown {
  const value: unknown = Reflect.get(target, property);
  return typeof value === 'function' ? value.bind(target) : value;
}

/** A store that tells of each object that it has a byte less than it was given. */
function shortOf(store: ObjectStore): ObjectStore {
  const put: ObjectStore['put'] = async (key, body, options) => {
    const info = await store.put(key, body, options);
    return { ...info, bytes: info.bytes - 1 };
  };
  return new Proxy(store, {
    get: (target, property) => (property === 'put' ? put : bound(target, property)),
  });
}

const ARTIFACT = 'site.tar.zst';
const LIES: readonly (readonly [string, (bytes: Buffer) => Buffer])[] = [
  ['drops the last byte', (bytes) => bytes.subarray(0, -1)],
  ['keeps nothing', () => Buffer.alloc(0)],
  ['adds a byte', (bytes) => Buffer.concat([bytes, Buffer.from([0])])],
  ['keeps zeros', (bytes) => Buffer.alloc(bytes.length)],
];

async function verdictOn(backup: Backup, store: ObjectStore, scratchRoot: string) {
  return Promise.all(
    (['stored', 'checksum', 'readable', 'restored'] as const).map((level) =>
      codeOf(verifyBackup({ backup, store, scratchRoot, level })),
    ),
  );
}

describe('a store that lies about sizes', () => {
  it('and is honest about it when asked: nothing is published', async () => {
    const place = await tree();
    const whole = memoryObjectStore();
    const work = createBackup({ ...place, store: shortOf(whole), storeName: 'primary' });
    expect(await codeOf(work)).toBe('ARTIFACT_INCOMPLETE');
    expect((await listBackups(whole)).backups).toEqual([]);
    expect(await keysOf(whole)).toEqual([]);
  });

  it.each(LIES)('and %s: found by every verification that reads', async (_what, keep) => {
    const { scratchRoot, ...place } = await tree();
    const store = memoryObjectStore();
    const told = lying(store, ARTIFACT, keep);
    const backup = await createBackup({ ...place, scratchRoot, store: told, storeName: 'primary' });
    const [, ...reading] = await verdictOn(backup, store, scratchRoot);
    expect(reading).toEqual(['VERIFY_FAILED', 'VERIFY_FAILED', 'VERIFY_FAILED']);
    const to = join(place.root, 'back');
    expect(await codeOf(restoreFromStore({ backup, store, to }))).toMatch(/^ARTIFACT_/);
    expect(await readdir(place.root)).not.toContain('back');
  });

  it.each(LIES)('and %s: found by the copy, which reads back', async (_what, keep) => {
    const { store, backup } = await backedUp();
    const vault = memoryObjectStore({ name: 'vault' });
    const to = lying(vault, ARTIFACT, keep);
    const work = copyBackup({ backup, from: store, to, toName: 'vault' });
    expect(await codeOf(work)).toMatch(/^(?:ARTIFACT|COPY)_/);
    expect((await listBackups(vault)).backups).toEqual([]);
  });
});
