import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { secret } from '@holdfast/core';
import type { ObjectStore } from '@holdfast/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { sftpObjectStore } from '../../src/sftp/index.ts';
import type { SftpObjectStoreOptions } from '../../src/sftp/index.ts';
import { Requests } from '../../src/sftp/requests.ts';
import type { Extension } from '../../src/sftp/session.ts';
import { textOf } from '../streams.ts';
import { passwordServer } from './password-server.ts';
import { testDirectory, useSshd } from './places.ts';
import type { SftpDirectory } from './places.ts';
import { hasSshd } from './sshd.ts';

const server = useSshd();
const KIB = 1024;

/** A store that logs in with what a test gives, and with nothing else. */
function storeAt(place: SftpDirectory, how: Partial<SftpObjectStoreOptions>): ObjectStore {
  const { username, hostKey } = server();
  const { directory, line } = place;
  const at = { host: '127.0.0.1', port: line.port, username, directory, hostKey };
  const store = sftpObjectStore({ ...at, ...how });
  onTestFinished(() => store.close());
  return store;
}

async function expectWorks(store: ObjectStore): Promise<void> {
  await store.put('a', Buffer.from('x'));
  expect(await textOf(store, 'a')).toBe('x');
}

/** An agent of OpenSSH that holds the key of the user; its socket. */
async function startAgent(): Promise<string> {
  const { folder, userKey } = server();
  const socket = join(folder, 'agent');
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  const exit = once(agent, 'exit');
  onTestFinished(async () => {
    agent.kill('SIGTERM');
    await exit;
  });
  await vi.waitFor(() => expect(existsSync(socket)).toBe(true), 30_000);
  const env = { ...process.env, SSH_AUTH_SOCK: socket };
  execFileSync('ssh-add', ['-q', userKey], { env, stdio: 'ignore' });
  return socket;
}

describe.runIf(hasSshd)('a login', () => {
  it('is by a private key with a passphrase', async () => {
    const place = await testDirectory();
    const { folder } = server();
    const path = join(folder, 'guarded');
    const args = ['-q', '-t', 'ed25519', '-N', 'hunter2', '-C', 'test', '-f', path];
    execFileSync('ssh-keygen', args);
    await appendFile(join(folder, 'user.pub'), await readFile(`${path}.pub`));
    vi.stubEnv('HOLDFAST_TEST_PASSPHRASE', 'hunter2');
    const privateKey = secret(`file:${path}`);
    const passphrase = secret('env:HOLDFAST_TEST_PASSPHRASE');
    await expectWorks(storeAt(place, { privateKey, passphrase }));
    vi.stubEnv('HOLDFAST_TEST_PASSPHRASE', 'wrong');
    const wrong = storeAt(place, { privateKey, passphrase }).head('a');
    await expect(wrong).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
  });

  it('is by secrets of a resolver', async () => {
    const place = await testDirectory();
    const key = await readFile(server().userKey, 'utf8');
    const resolvers = { vault: () => key };
    await expectWorks(storeAt(place, { privateKey: secret('vault:key'), resolvers }));
  });

  it('is by the keys of an agent', async () => {
    const place = await testDirectory();
    await expectWorks(storeAt(place, { agent: await startAgent() }));
  });

  it('is by a password, which is told to nobody', async () => {
    const { port, hostKey } = await passwordServer('hunter2');
    const at = { host: '127.0.0.1', port, username: 'backup', directory: '/srv', hostKey };
    const password = secret('env:HOLDFAST_TEST_PASSWORD');
    vi.stubEnv('HOLDFAST_TEST_PASSWORD', 'hunter2');
    const store = sftpObjectStore({ ...at, password });
    onTestFinished(() => store.close());
    expect(await store.head('a')).toBeUndefined();
    vi.stubEnv('HOLDFAST_TEST_PASSWORD', 'a-wrong-one');
    const failure = await sftpObjectStore({ ...at, password })
      .head('a')
      .catch((error: unknown) => inspect(error));
    expect(failure).toContain('OBJECT_STORE_DENIED');
    expect(failure).not.toContain('a-wrong-one');
  });
});

describe.runIf(hasSshd)('a directory', () => {
  it('is not created when it has to be there', async () => {
    const place = await testDirectory();
    const directory = join(place.directory, 'a/b');
    const gone = { problem: 'unavailable', hint: expect.stringContaining('Mount') };
    const put = place.store({ directory, create: false }).put('a', Buffer.from('x'));
    await expect(put).rejects.toMatchObject(gone);
    await expectWorks(place.store({ directory }));
  });

  it('and its files are for the owner alone, unless told otherwise', async () => {
    const place = await testDirectory();
    const modes = async (): Promise<string[]> => {
      const all = ['new', 'new/a', 'new/a/b'].map((path) => stat(join(place.directory, path)));
      return (await Promise.all(all)).map(({ mode }) => (mode & 0o777).toString(8));
    };
    const directory = join(place.directory, 'new');
    await place.store({ directory }).put('a/b', Buffer.from('x'));
    expect(await modes()).toEqual(['700', '700', '600']);
    execFileSync('rm', ['-r', directory]);
    const open = { fileMode: 0o640, directoryMode: 0o750 };
    await place.store({ directory, ...open }).put('a/b', Buffer.from('x'));
    expect(await modes()).toEqual(['750', '750', '640']);
  });
});

/** Lets the server offer less than OpenSSH's does. */
function offerNo(extension: Extension): void {
  const honest = Requests.prototype.offers;
  vi.spyOn(Requests.prototype, 'offers').mockImplementation(function less(this: Requests, asked) {
    return asked !== extension && honest.call(this, asked);
  });
}

describe.runIf(hasSshd)('a server that offers less', () => {
  it('is taken without fsync where that is said', async () => {
    const place = await testDirectory();
    offerNo('fsync@openssh.com');
    const put = place.store().put('a', Buffer.from('x'));
    await expect(put).rejects.toMatchObject({ problem: 'invalid' });
    await expectWorks(place.store({ sync: 'where-offered' }));
  });

  it('keeps ifAbsent as the store was opened', async () => {
    const place = await testDirectory();
    offerNo('hardlink@openssh.com');
    const put = (ifAbsent: 'hardlink' | 'looks' | 'refused') =>
      place.store({ ifAbsent }).put('a', Buffer.from('x'), { ifAbsent: true });
    await expect(put('hardlink')).rejects.toMatchObject({ problem: 'invalid' });
    await expect(put('refused')).rejects.toMatchObject({ problem: 'invalid' });
    expect(await put('looks')).toMatchObject({ bytes: 1 });
    await expect(put('looks')).rejects.toMatchObject({ problem: 'exists' });
  });
});

describe.runIf(hasSshd)('the requests of a body', () => {
  it('are as large, and as many at once, as the store is told', async () => {
    const place = await testDirectory();
    const honest = Requests.prototype.write;
    const sizes = new Set<number>();
    let atOnce = 0;
    let most = 0;
    vi.spyOn(Requests.prototype, 'write').mockImplementation(function seen(
      this: Requests,
      handle,
      bytes,
      position,
    ) {
      sizes.add(bytes.byteLength);
      most = Math.max(most, ++atOnce);
      return honest.call(this, handle, bytes, position).finally(() => atOnce--);
    });
    const store = place.store({ requests: 2, requestBytes: 64 * KIB });
    await store.put('a', Buffer.alloc(1024 * KIB));
    expect([...sizes]).toEqual([64 * KIB]);
    expect(most).toBe(2);
  });
});

describe('a server that says nothing', () => {
  it('is connected to for no longer than connectTimeout', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const store = sftpObjectStore({
      host: '127.0.0.1',
      port,
      username: 'backup',
      directory: '/srv',
      hostKey: { unchecked: true },
      password: secret('env:HOME'),
      connectTimeout: '100ms',
    });
    await expect(store.head('a')).rejects.toMatchObject({ problem: 'unavailable' });
  });

  it.runIf(hasSshd)(
    'is found out by keepAlive',
    async () => {
      const place = await testDirectory();
      const store = place.store({ keepAlive: '500ms' });
      expect(await store.head('a')).toBeUndefined();
      place.line.stall();
      await expect(store.head('a')).rejects.toMatchObject({ problem: 'unavailable' });
      place.line.mend();
      expect(await place.store().head('a')).toBeUndefined();
    },
    60_000,
  );
});
