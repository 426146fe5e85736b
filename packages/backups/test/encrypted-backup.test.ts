import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { memoryObjectStore, type ObjectStore, secret } from '@holdfast/core';
import {
  type Backup,
  copyBackup,
  createBackup,
  type EncryptionOptions,
  fileTree,
  type IdentityOption,
  listBackups,
  parseManifest,
  restoreFromStore,
  sqliteSource,
  type VerificationLevel,
  verifyBackup,
} from '@holdfast/backups';
import { sealManifest, serialiseManifest } from '../src/model/parse-manifest.ts';
import { measureOf } from '../src/pipeline/meter.ts';
import { makeOrders, rowsOf } from './support/databases.ts';
import { hasAge, type KeyPair, makeKey, secretLine } from './support/keys.ts';
import { bytesOf, flipByte, keysOf, leftIn, testRooms } from './support/rooms.ts';

const rooms = testRooms();

function orders(): Parameters<typeof createBackup>[0]['source'] {
  return sqliteSource({ name: 'orders', path: join(rooms.root, 'orders.db') });
}

describe.skipIf(!hasAge)('an encrypted backup', { timeout: 120_000 }, () => {
  let store: ObjectStore;
  let key: KeyPair;
  let spare: KeyPair;

  beforeEach(async () => {
    store = memoryObjectStore();
    makeOrders(join(rooms.root, 'orders.db'));
    key = await makeKey(rooms.root, 'main');
    spare = await makeKey(rooms.root, 'spare');
  });

  function both(): EncryptionOptions {
    return { recipients: [key.recipient, spare.recipient] };
  }

  function create(encryption = both(), source = orders()) {
    const { scratchRoot } = rooms;
    return createBackup({ source, store, storeName: 'primary', scratchRoot, encryption });
  }

  function verify(
    backup: Backup,
    level: VerificationLevel,
    identities: IdentityOption[] = [],
    from = store,
  ) {
    const { scratchRoot } = rooms;
    return verifyBackup({ backup, store: from, level, scratchRoot, identities });
  }

  async function decryption() {
    return (await listBackups(store)).backups[0]?.proof.decryption;
  }

  it('says in its manifest whom it is for, and has the layer in its names', async () => {
    const backup = await create();
    const text = (await bytesOf(store, `${backup.path}manifest.json`)).toString();
    expect(parseManifest(text, 'k').artifacts).toMatchObject([
      {
        name: 'orders.sqlite.zst.age',
        layers: ['zstd', 'age'],
        recipients: [key.recipient, spare.recipient],
      },
    ]);
    expect((await keysOf(store)).map((name) => name.slice(backup.path.length)).toSorted()).toEqual([
      'RESTORE.md',
      'SHA256SUMS',
      'manifest.json',
      'orders.sqlite.zst.age',
    ]);
    const file = await bytesOf(store, `${backup.path}orders.sqlite.zst.age`);
    expect(file.subarray(0, 22).toString()).toBe('age-encryption.org/v1\n');
  });

  it('stands the levels below readable without an identity; the others are a clear error', async () => {
    const backup = await create();
    expect(await verify(backup, 'stored')).toMatchObject({ reached: 'stored' });
    expect(await verify(backup, 'checksum')).toMatchObject({ reached: 'checksum' });
    for (const level of ['readable', 'restored'] as const) {
      await expect(verify(backup, level)).rejects.toMatchObject({
        code: 'IDENTITY_MISSING',
        retryable: false,
        hint: expect.stringContaining(key.recipient),
      });
      const stranger = await makeKey(rooms.root, 'stranger');
      await expect(verify(backup, level, [stranger.identity])).rejects.toMatchObject({
        code: 'IDENTITY_UNFIT',
      });
    }
    // What says nothing of the backup leaves no record.
    const { backups } = await listBackups(store);
    expect(backups[0]?.proof).toMatchObject({ level: 'checksum' });
    expect(backups[0]?.proof.failedAt).toBeUndefined();
    expect(await leftIn(rooms.scratchRoot)).toEqual([]);
  });

  it('is proven decryptable only once one of its identities was used, and says by whose', async () => {
    const backup = await create();
    const recipients = [key.recipient, spare.recipient];
    const unproven = { verdict: 'not proven decryptable', provenFor: [], unprovenFor: recipients };
    expect(await decryption()).toEqual(unproven);
    await verify(backup, 'checksum', [key.identity]);
    expect(await decryption()).toEqual(unproven);
    const proof = await verify(backup, 'restored', [key.identity]);
    expect(proof).toMatchObject({ reached: 'restored', identities: [key.recipient] });
    expect(await decryption()).toEqual({
      verdict: 'proven decryptable',
      provenFor: [key.recipient],
      unprovenFor: [spare.recipient],
    });
    await verify(backup, 'readable', [spare.identity]);
    expect(await decryption()).toMatchObject({ provenFor: recipients, unprovenFor: [] });
    await flipByte(store, `${backup.path}orders.sqlite.zst.age`);
    await expect(verify(backup, 'readable', [key.identity])).rejects.toMatchObject({
      code: 'VERIFY_FAILED',
      context: { problem: 'ARTIFACT_ALTERED' },
    });
    expect(await decryption()).toEqual(unproven);
  });

  it('of a tree comes back whole, and so does its copy', async () => {
    await mkdir(join(rooms.root, 'site'));
    await writeFile(join(rooms.root, 'site', 'a.txt'), 'content');
    const backup = await create(both(), fileTree({ name: 'site', path: join(rooms.root, 'site') }));
    const vault = memoryObjectStore();
    await copyBackup({ backup, from: store, to: vault, toName: 'vault' });
    const proof = await verify(backup, 'restored', [spare.identity], vault);
    expect(proof).toMatchObject({ reached: 'restored', compared: { members: 2 } });
    const names = (await keysOf(vault)).filter((name) => name.endsWith('.age'));
    expect(names).toHaveLength(3);
  });

  it('is restored with an identity', async () => {
    const backup = await create();
    const to = join(rooms.root, 'back.db');
    await expect(restoreFromStore({ backup, store, to })).rejects.toMatchObject({
      code: 'IDENTITY_MISSING',
    });
    await restoreFromStore({ backup, store, to, identities: [key.identity] });
    expect(rowsOf(to, 'orders')).toBe(200);
  });

  it.each([
    ['cut at the border of a chunk', (file: Buffer) => file.subarray(0, -(file.length % 65_552))],
    ['cut by a byte', (file: Buffer) => file.subarray(0, -1)],
    ['altered in its last byte', (file: Buffer) => flipped(file, file.length - 1)],
    ['altered in its header', (file: Buffer) => flipped(file, 30)],
    ['without a header', (file: Buffer) => file.subarray(300)],
  ])(
    '%s under a manifest that agrees is found, and nothing is put in place',
    async (_what, damage) => {
      const backup = await create();
      const name = 'orders.sqlite.zst.age';
      const file = damage(await bytesOf(store, backup.path + name));
      const bad = await forgedManifest(backup, name, file);
      const to = join(rooms.root, 'restored', 'back.db');
      const restoring = restoreFromStore({ backup: bad, store, to, identities: [key.identity] });
      const codes = /^(?:ARTIFACT_UNREADABLE|IDENTITY_UNFIT)$/;
      await expect(restoring).rejects.toMatchObject({ code: expect.stringMatching(codes) });
      expect(await readdir(join(rooms.root, 'restored'))).toEqual([]);
      expect(await verify(bad, 'checksum')).toMatchObject({ reached: 'checksum' });
    },
  );

  /** Makes the manifest say of an artifact what the damaged one is. */
  async function forgedManifest(backup: Backup, name: string, file: Buffer) {
    const manifestKey = `${backup.path}manifest.json`;
    const manifest = parseManifest((await bytesOf(store, manifestKey)).toString(), 'k');
    const { bytes: storedBytes, sha256: storedSha256 } = measureOf(file);
    const { sha256: _, ...fields } = manifest;
    const artifacts = fields.artifacts.map((one) => ({ ...one, storedBytes, storedSha256 }));
    const forged = sealManifest({ ...fields, artifacts });
    await store.put(backup.path + name, file);
    await store.put(manifestKey, Buffer.from(serialiseManifest(forged)));
    return { ...backup, manifestSha256: forged.sha256 };
  }

  it('can be made and read with a passphrase alone', async () => {
    await writeFile(join(rooms.root, 'words'), 'correct horse battery staple\n');
    await writeFile(join(rooms.root, 'wrong'), 'another\n');
    const passphrase = secret(`file:${join(rooms.root, 'words')}`);
    const backup = await create({ passphrase });
    expect(await decryption()).toMatchObject({ unprovenFor: ['passphrase'] });
    const wrong = { passphrase: secret(`file:${join(rooms.root, 'wrong')}`) };
    await expect(verify(backup, 'readable', [wrong])).rejects.toMatchObject({
      code: 'IDENTITY_UNFIT',
    });
    const proof = await verify(backup, 'restored', [key.identity, { passphrase }]);
    expect(proof).toMatchObject({ reached: 'restored', identities: ['passphrase'] });
  });

  it('is not begun for whom it cannot be made, and no message shows a key', async () => {
    const line = secretLine(key);
    const cut = key.recipient.slice(0, -1);
    const swapped = key.recipient.replace(/.$/, (last) => (last === 'q' ? 'p' : 'q'));
    const wrong: unknown[] = [
      { recipients: [] },
      { recipients: [key.recipient, line] },
      { recipients: [cut] },
      { recipients: [swapped] },
      { recipients: ['somebody'] },
      { recipients: [7] },
      { passphrase: 'a passphrase' },
      { passphrase: key.identity, recipients: [key.recipient] },
      {},
    ];
    for (const encryption of wrong) {
      const error: unknown = await create(encryption as EncryptionOptions).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({ code: 'OPTIONS_INVALID', retryable: false });
      expect(JSON.stringify(error) + String(error)).not.toMatch(/AGE-SECRET-KEY-1|a passphrase'/);
    }
    expect(await keysOf(store)).toEqual([]);
  });

  it('is not read with what is no identity, and no message shows it', async () => {
    const backup = await create();
    const path = join(rooms.root, 'broken.key');
    for (const text of ['', '# nothing\n', 'hunter2 hunter2\n', `${secretLine(key)}Q\n`]) {
      await writeFile(path, text);
      const error: unknown = await verify(backup, 'readable', [secret(`file:${path}`)]).catch(
        (thrown: unknown) => thrown,
      );
      const code = expect.stringMatching(/^(?:IDENTITY_INVALID|SECRET_MISSING)$/) as unknown;
      expect(error).toMatchObject({ code, retryable: false });
      expect(JSON.stringify(error) + String(error)).not.toMatch(/hunter2|AGE-SECRET-KEY-1[A-Z0-9]/);
    }
    await expect(
      verify(backup, 'readable', [secretLine(key) as unknown as IdentityOption]),
    ).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
  });
});

function flipped(file: Buffer, at: number): Buffer {
  const altered = Buffer.from(file);
  altered[at] = (altered[at] ?? 0) ^ 1;
  return altered;
}
