import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { secret } from '@holdfast/core';
import { describe, expect, it } from 'vitest';
import { sftpObjectStore } from '../../src/sftp/index.ts';
import type { SftpHostKey } from '../../src/sftp/index.ts';
import { testDirectory, unfinishedIn, useSshd } from './places.ts';
import { hasSshd } from './sshd.ts';

const server = useSshd();

/** A key that is none of the server's. */
const OTHER = `SHA256:${'A'.repeat(43)}`;

describe.runIf(hasSshd)('the host key', () => {
  it('is taken as a fingerprint, as a key, among several, from a file, or not looked at', async () => {
    const place = await testDirectory();
    const { fingerprint, hostKey, folder } = server();
    const knownHosts = join(folder, 'known');
    await writeFile(knownHosts, `[127.0.0.1]:${place.line.port} ${hostKey}\n`);
    const ways: SftpHostKey[] = [
      fingerprint,
      hostKey,
      [OTHER, fingerprint],
      { knownHosts },
      { unchecked: true },
    ];
    for (const way of ways) {
      const store = place.store({ hostKey: way });
      expect(await store.head('nothing')).toBeUndefined();
      await store.close();
    }
  });

  it('is refused when it is another one, for good, and nothing is written', async () => {
    const place = await testDirectory();
    const put = place.store({ hostKey: OTHER }).put('a', Buffer.from('x'));
    await expect(put).rejects.toMatchObject({
      code: 'HOST_KEY_MISMATCH',
      problem: 'denied',
      retryable: false,
      context: { fingerprint: server().fingerprint },
    });
    expect(await unfinishedIn(place)).toEqual([]);
  });

  it('is refused when the file does not know the host, or has revoked the key', async () => {
    const place = await testDirectory();
    const { hostKey, folder } = server();
    const knownHosts = join(folder, 'others');
    const store = place.store({ hostKey: { knownHosts } });
    await writeFile(knownHosts, `other.example ${hostKey}\n`);
    const unknown = { code: 'HOST_KEY_UNKNOWN', retryable: false };
    await expect(store.head('a')).rejects.toMatchObject(unknown);
    await writeFile(knownHosts, `* ${hostKey}\n@revoked * ${hostKey}\n`);
    const revoked = { code: 'HOST_KEY_MISMATCH', retryable: false };
    await expect(store.head('a')).rejects.toMatchObject(revoked);
  });
});

describe.runIf(hasSshd)('a login', () => {
  it('that the server refuses is denied, and not tried again', async () => {
    const place = await testDirectory();
    const denied = { code: 'OBJECT_STORE_DENIED', retryable: false };
    await expect(place.store({ username: 'nobody-of-that-name' }).head('a')).rejects.toMatchObject(
      denied,
    );
  });
});

describe('options', () => {
  const good = {
    host: 'vault.example',
    username: 'backup',
    directory: '/srv/holdfast',
    privateKey: secret('env:KEY'),
  };

  it.each([
    { ...good, host: '' },
    { ...good, hostKey: 'AA:BB' },
    { ...good, hostKey: [] },
    { ...good, privateKey: 'the key itself' as never },
    { host: 'vault.example', username: 'backup', directory: '/srv' },
    { ...good, port: 0 },
    { ...good, requests: 0 },
    { ...good, requestBytes: 1_000_000 },
    { ...good, fileMode: 0o1000 },
    { ...good, ifAbsent: 'maybe' as never },
    { ...good, sync: 'never' as never },
    { ...good, hostkey: OTHER } as never,
  ])('that make no sense are refused: %o', (options) => {
    expect(() => sftpObjectStore(options)).toThrow(
      expect.objectContaining({ code: 'OPTIONS_INVALID', retryable: false }),
    );
  });
});
