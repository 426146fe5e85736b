import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Requests } from '../../src/sftp/requests.ts';
import { isProvided } from '../provided.ts';
import { brokenBody } from '../streams.ts';
import { testDirectory, unfinishedIn, useSshd } from './places.ts';
import { hasSshd } from './sshd.ts';

const server = useSshd();
const PROGRAM = fileURLToPath(new URL('writer-child.ts', import.meta.url));
const MIB = 1024 * 1024;

const mayMount = isProvided(
  process.platform === 'linux' && process.getuid?.() === 0,
  'root on Linux, to mount a small disk',
);

describe.runIf(hasSshd)('a writer that is killed', () => {
  it('leaves nothing under the key, and the next one sweeps what it had begun', async () => {
    const place = await testDirectory();
    const { username, hostKey, userKey } = server();
    const { port } = place.line;
    const { directory } = place;
    const options = JSON.stringify({ host: '127.0.0.1', port, username, directory, hostKey });
    const args = ['--conditions=@holdfast/source', PROGRAM, options, userKey, 'a/b'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const exit = once(child, 'exit');
    const lines = createInterface({ input: child.stdout });
    await new Promise<void>((resolve) => {
      lines.on('line', (line) => {
        if (line === '40') resolve();
      });
    });
    child.kill('SIGKILL');
    await exit;
    expect(await unfinishedIn(place)).toHaveLength(1);
    const store = place.store();
    expect(await store.head('a/b')).toBeUndefined();
    await store.put('a/b', Buffer.from('whole'));
    expect(await unfinishedIn(place)).toEqual([]);
    expect(await store.head('a/b')).toMatchObject({ bytes: 5 });
  }, 60_000);
});

describe.runIf(hasSshd)('the handle of a file', () => {
  it('is closed once, also of a write that is refused when it is whole: another write may have it by then', async () => {
    const closed: Buffer[] = [];
    const close = Requests.prototype.close;
    vi.spyOn(Requests.prototype, 'close').mockImplementation(function spy(this: Requests, handle) {
      closed.push(handle);
      return close.call(this, handle);
    });
    const place = await testDirectory();
    const store = place.store();
    async function* overtaken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('late');
      await store.put('a', Buffer.from('first'));
    }
    const put = store.put('a', overtaken(), { ifAbsent: true });
    await expect(put).rejects.toMatchObject({ problem: 'exists' });
    await expect(store.put('b', brokenBody())).rejects.toThrow('the dump broke');
    expect(closed.length).toBeGreaterThanOrEqual(3);
    expect(new Set(closed).size).toBe(closed.length);
  });
});

describe.runIf(hasSshd)('a server that writes less than it says', () => {
  it('is not believed, and what was there stays', async () => {
    const place = await testDirectory();
    const store = place.store();
    await store.put('a', Buffer.from('old'));
    const honest = Requests.prototype.write;
    vi.spyOn(Requests.prototype, 'write').mockImplementation(function short(
      this: Requests,
      handle,
      bytes,
      position,
    ) {
      return honest.call(this, handle, bytes.subarray(0, 5), position);
    });
    const incomplete = { code: 'OBJECT_INCOMPLETE', retryable: true };
    await expect(store.put('a', Buffer.alloc(100))).rejects.toMatchObject(incomplete);
    expect(await store.head('a')).toMatchObject({ bytes: 3 });
    expect(await unfinishedIn(place)).toEqual([]);
  });
});

describe.runIf(hasSshd)("a machine whose clock is not the server's", () => {
  it.each([-48, 48])('writes, and sweeps nothing away that lives (%i hours)', async (hours) => {
    const place = await testDirectory();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + hours * 3_600_000 });
    onTestFinished(() => void vi.useRealTimers());
    const store = place.store();
    async function* swept(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('half');
      expect(await place.store().sweep!()).toEqual({ removed: 0 });
      yield Buffer.from('half');
    }
    expect(await store.put('a', swept())).toMatchObject({ bytes: 8 });
  });
});

describe.runIf(hasSshd)('a line that is cut', () => {
  it('leaves an unfinished file only until the server can be reached again', async () => {
    const place = await testDirectory();
    const store = place.store();
    place.line.cut({ up: 2 * MIB });
    const put = store.put('a', Buffer.alloc(8 * MIB));
    await expect(put).rejects.toMatchObject({ code: 'OBJECT_STORE_UNAVAILABLE', retryable: true });
    place.line.mend();
    await store.sweep!();
    expect(await unfinishedIn(place)).toEqual([]);
    await store.put('a', Buffer.alloc(8 * MIB));
    expect(await store.head('a')).toMatchObject({ bytes: 8 * MIB });
  }, 60_000);
});

describe.runIf(hasSshd && mayMount)('a full disk', () => {
  it('refuses a write, keeps what was there, and takes a smaller one', async () => {
    const place = await testDirectory();
    const directory = `${place.directory}/disk`;
    await mkdir(directory);
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', directory]);
    onTestFinished(() => void spawnSync('umount', ['-l', directory]));
    const store = place.store({ directory });
    await store.put('a', Buffer.alloc(MIB));
    const full = { code: 'OBJECT_STORE_FULL', problem: 'full', retryable: false };
    await expect(store.put('a', Buffer.alloc(8 * MIB))).rejects.toMatchObject(full);
    expect(await store.head('a')).toMatchObject({ bytes: MIB });
    expect(await unfinishedIn({ ...place, directory })).toEqual([]);
    await store.put('b', Buffer.alloc(MIB));
    expect(await store.freeBytes!()).toBeLessThanOrEqual(2 * MIB);
  }, 60_000);
});
