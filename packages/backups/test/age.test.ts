import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { Decrypter, Encrypter } from 'age-encryption';
import { resolveSecret, secret } from '@holdfast/core';
import type { ReadSecret } from '@holdfast/backups';
import { sealerFor, unseal } from '../src/encryption/age.ts';
import { Keyring } from '../src/encryption/keyring.ts';
import { hasAge, type KeyPair, makeKey } from './support/keys.ts';
import { testRooms } from './support/rooms.ts';

const rooms = testRooms();
const read: ReadSecret = (one) => resolveSecret(one, {}, process.env);
const CHUNK = 65_536;
const SEALED = CHUNK + 16;
const BORDERS = [0, 1, 65_535, 65_536, 65_537, 131_071, 131_072, 131_073, 1_048_576, 1_048_577];

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}

async function gather(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  // Copied: what is sealed is used again.
  for await (const chunk of source) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function ageProgram(args: readonly string[], input: Buffer): Buffer {
  return execFileSync('age', args, { input, maxBuffer: 1e8, stdio: ['pipe', 'pipe', 'pipe'] });
}

describe.skipIf(!hasAge)('an age file', { timeout: 120_000 }, () => {
  let key: KeyPair;
  let other: KeyPair;

  beforeEach(async () => {
    key = await makeKey(rooms.root, 'one');
    other = await makeKey(rooms.root, 'other');
  });

  async function seal(bytes: Buffer, size: number, recipients = [key.recipient]) {
    const sealer = await sealerFor({ recipients }, read);
    return gather(sealer.seal(pieces(bytes, size)));
  }

  function open(file: Buffer, size = 100_000, keys = [key]) {
    const ring = new Keyring(
      keys.map(({ identity }) => identity),
      read,
    );
    return gather(unseal(pieces(file, size), { name: 'x.age' }, ring));
  }

  it.each(BORDERS)('of %i bytes is read by the program', async (size) => {
    const bytes = randomBytes(size);
    for (const piece of [1000, CHUNK, 1_048_576]) {
      const file = await seal(bytes, piece);
      expect(ageProgram(['-d', '-i', key.path], file).equals(bytes)).toBe(true);
    }
  });

  it.each(BORDERS)('of %i bytes that the program wrote is read here', async (size) => {
    const bytes = randomBytes(size);
    const file = ageProgram(['-r', other.recipient, '-r', key.recipient], bytes);
    for (const piece of [997, SEALED, 1_048_576]) {
      expect((await open(file, piece)).equals(bytes)).toBe(true);
    }
  });

  it.each(BORDERS)('of %i bytes is found cut, wherever a chunk ends or begins', async (size) => {
    const file = await seal(randomBytes(size), 1_048_576);
    const payload = file.indexOf('\n', file.indexOf('\n--- ') + 1) + 1 + 16;
    const cuts = new Set([
      0,
      10,
      payload - 17,
      payload - 16,
      payload - 1,
      payload,
      file.length - 1,
    ]);
    for (let at = payload; at < file.length; at += SEALED) {
      for (const cut of [at, at + 1, at + 15, at + 16, at + SEALED - 1]) cuts.add(cut);
    }
    for (const cut of cuts) {
      if (cut >= file.length) continue;
      await expect(open(file.subarray(0, cut)), `cut at ${cut}`).rejects.toThrow();
    }
    await expect(open(Buffer.concat([file, Buffer.alloc(1)]))).rejects.toThrow();
    await expect(open(Buffer.concat([file, file.subarray(payload)]))).rejects.toThrow();
  });

  it('is found altered: chunks swapped, left out, doubled; or one bit of header, nonce or chunk', async () => {
    const file = await seal(randomBytes(4 * CHUNK), CHUNK);
    const payload = file.length - 4 * SEALED;
    const chunk = (number: number) =>
      file.subarray(payload + number * SEALED, payload + (number + 1) * SEALED);
    const head = file.subarray(0, payload);
    for (const order of [
      [1, 0, 2, 3],
      [0, 2, 3],
      [0, 0, 1, 2, 3],
      [0, 1, 3],
      [0, 1, 2],
    ]) {
      await expect(open(Buffer.concat([head, ...order.map(chunk)]))).rejects.toThrow();
    }
    for (let bit = 0; bit < payload * 8; bit += 5) {
      const flipped = Buffer.from(file);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await expect(open(flipped), `bit ${bit}`).rejects.toThrow();
    }
    for (const at of [payload, payload + SEALED - 1, payload + SEALED, file.length - 1]) {
      const flipped = Buffer.from(file);
      flipped[at] = (flipped[at] ?? 0) ^ 0x80;
      await expect(open(flipped), `byte ${at}`).rejects.toThrow();
    }
    expect(await open(file)).toHaveLength(4 * CHUNK);
  });

  it('gives nothing of a chunk that is not authentic', async () => {
    const file = await seal(randomBytes(4 * CHUNK), CHUNK);
    file[file.length - 1 - SEALED] = (file.at(-1 - SEALED) ?? 0) ^ 1;
    let given = 0;
    const ring = new Keyring([key.identity], read);
    const reading = (async () => {
      for await (const chunk of unseal(pieces(file, 1000), { name: 'x' }, ring)) {
        given += chunk.length;
      }
    })();
    await expect(reading).rejects.toThrow();
    expect(given).toBe(2 * CHUNK);
  });

  it('opens for each of its recipients, and for nobody else', async () => {
    const bytes = randomBytes(1000);
    const file = await seal(bytes, 100, [key.recipient, other.recipient]);
    for (const one of [key, other]) expect((await open(file, 100, [one])).equals(bytes)).toBe(true);
    const stranger = await makeKey(rooms.root, 'stranger');
    await expect(open(file, 100, [stranger])).rejects.toMatchObject({ code: 'IDENTITY_UNFIT' });
    await expect(open(file, 100, [])).rejects.toMatchObject({ code: 'IDENTITY_MISSING' });
    expect((await open(file, 100, [stranger, other])).equals(bytes)).toBe(true);
  });

  it('with a passphrase is that of the reference implementation, both ways', async () => {
    const words = 'correct horse battery staple';
    process.env['HOLDFAST_TEST_WORDS'] = words;
    const passphrase = secret('env:HOLDFAST_TEST_WORDS');
    const bytes = randomBytes(70_000);
    const sealer = await sealerFor({ passphrase }, read);
    const file = await gather(sealer.seal(pieces(bytes, 1000)));
    const theirs = new Encrypter();
    theirs.setPassphrase(words);
    theirs.setScryptWorkFactor(12);
    const given = Buffer.from(await theirs.encrypt(bytes));
    const ring = new Keyring([{ passphrase }], read);
    const back = await gather(unseal(pieces(given, 1000), { name: 'x' }, ring));
    expect(back.equals(bytes)).toBe(true);
    const decrypter = new Decrypter();
    decrypter.addPassphrase(words);
    expect(Buffer.from(await decrypter.decrypt(file)).equals(bytes)).toBe(true);
    // A header from elsewhere shall not take all memory.
    const heavy = Buffer.from(
      given.toString('latin1').replace(/^(-> scrypt \S+) 12$/m, '$1 30'),
      'latin1',
    );
    await expect(gather(unseal(pieces(heavy, 1000), { name: 'x' }, ring))).rejects.toThrow(/30/);
  });

  it('has another key each time', async () => {
    const files = await Promise.all([seal(Buffer.alloc(100), 100), seal(Buffer.alloc(100), 100)]);
    expect(files[0].equals(files[1])).toBe(false);
  });
});
