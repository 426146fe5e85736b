import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveSecret, secret } from '@holdfast/core';
import type { IdentityOption, ReadSecret } from '@holdfast/backups';
import { sealerFor, unseal } from '../src/encryption/age.ts';
import { Keyring } from '../src/encryption/keyring.ts';
import { hasAge, makeKey } from './support/keys.ts';
import { testRooms } from './support/rooms.ts';
import { isProvided } from '../../../test/servers/provided.ts';

const rooms = testRooms();
const read: ReadSecret = (one) => resolveSecret(one, {}, process.env);
const hasSshKeygen = isProvided(
  spawnSync('ssh-keygen', ['-?']).error === undefined,
  'the program ssh-keygen',
);

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield await Promise.resolve(bytes);
}

async function gather(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  // Copied: what is sealed is used again.
  for await (const chunk of source) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

async function makeSshKey(name: string, args: readonly string[], passphrase = '') {
  const path = join(rooms.root, name);
  const given = ['-q', ...args, '-N', passphrase, '-C', 'ada@example.org', '-f', path];
  execFileSync('ssh-keygen', given, { stdio: 'ignore' });
  const line = (await readFile(`${path}.pub`, 'utf8')).trim();
  return { path, line, identity: secret(`file:${path}`) };
}

function open(file: Buffer, identities: IdentityOption[]) {
  const keys = new Keyring(identities, read);
  return gather(unseal(once(file), { name: 'x.age' }, keys)).then((bytes) => ({ bytes, keys }));
}

describe.skipIf(!hasAge || !hasSshKeygen)('an SSH key', () => {
  it.each([
    ['ed25519', ['-t', 'ed25519']],
    ['RSA', ['-t', 'rsa', '-b', '2048']],
    ['RSA as PEM', ['-t', 'rsa', '-b', '3072', '-m', 'PEM']],
  ])('of %s encrypts and decrypts, as the program does', async (_what, args) => {
    const key = await makeSshKey('id', args);
    const other = await makeKey(rooms.root, 'other');
    const recipients = [other.recipient, key.line];
    for (let round = 0; round < 5; round++) {
      const bytes = randomBytes(70_000);
      const sealer = await sealerFor({ recipients }, read);
      const file = await gather(sealer.seal(once(bytes)));
      const input = { input: file, maxBuffer: 1e7 };
      expect(execFileSync('age', ['-d', '-i', key.path], input).equals(bytes)).toBe(true);
      const back = await open(file, [key.identity]);
      expect(back.bytes.equals(bytes)).toBe(true);
      // The comment, with a person's address, is not kept.
      expect(sealer.recipients).toEqual([
        other.recipient,
        key.line.split(' ').slice(0, 2).join(' '),
      ]);
      expect(back.keys.used).toEqual([sealer.recipients[1]]);
      const theirs = execFileSync('age', ['-r', key.line], { input: bytes, maxBuffer: 1e7 });
      expect((await open(theirs, [other.identity, key.identity])).bytes.equals(bytes)).toBe(true);
    }
  });

  it('of somebody else does not fit', async () => {
    const key = await makeSshKey('id', ['-t', 'ed25519']);
    const stranger = await makeSshKey('stranger', ['-t', 'ed25519']);
    const sealer = await sealerFor({ recipients: [key.line] }, read);
    const file = await gather(sealer.seal(once(randomBytes(10))));
    await expect(open(file, [stranger.identity])).rejects.toMatchObject({ code: 'IDENTITY_UNFIT' });
  });

  it('that age does not take is refused, and never shown', async () => {
    const locked = await makeSshKey('locked', ['-t', 'ed25519'], 'open sesame');
    const ecdsa = await makeSshKey('ecdsa', ['-t', 'ecdsa']);
    const short = await makeSshKey('short', ['-t', 'rsa', '-b', '1024']);
    const good = await makeSshKey('good', ['-t', 'ed25519']);
    const text = await readFile(good.path, 'utf8');
    for (const recipient of [ecdsa.line, short.line, good.line.slice(0, 40), text]) {
      await expect(sealerFor({ recipients: [recipient] }, read)).rejects.toMatchObject({
        code: 'OPTIONS_INVALID',
        message: expect.not.stringContaining(text.split('\n')[1] ?? ''),
      });
    }
    const cut = join(rooms.root, 'cut');
    await writeFile(cut, text.replace(/^(.{70}\n).*\n/m, '$1'));
    const sealer = await sealerFor({ recipients: [good.line] }, read);
    const file = await gather(sealer.seal(once(randomBytes(10))));
    for (const identity of [locked.identity, ecdsa.identity, secret(`file:${cut}`)]) {
      await expect(open(file, [identity])).rejects.toMatchObject({ code: 'IDENTITY_INVALID' });
    }
    await expect(open(file, [locked.identity])).rejects.toThrow(/encrypted with a passphrase/);
  });
});
