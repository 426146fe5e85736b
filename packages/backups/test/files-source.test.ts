import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { memoryObjectStore } from '@holdfast/core';
import { type Child, startChild } from '@holdfast/core/process';
import {
  createBackup,
  fileTree,
  listBackups,
  restoreFromStore,
  type StartChild,
  verifyBackup,
} from '@holdfast/backups';
import { asNobody } from './support/nobody.ts';
import { overriding } from './support/overriding.ts';
import { keysOf, leftIn, testRooms } from './support/rooms.ts';
import { describeTree, makeTree } from './support/trees.ts';

const rooms = testRooms();

async function snapshot(options: { exclude?: string[]; startChild?: StartChild } = {}) {
  const store = memoryObjectStore();
  const { scratchRoot } = rooms;
  const { exclude = [], ...work } = options;
  const source = fileTree({ name: 'site', path: join(rooms.root, 'site'), exclude });
  const made = createBackup({ source, store, storeName: 'primary', scratchRoot, ...work });
  return { store, made, scratchRoot };
}

async function manifestIn(store: ReturnType<typeof memoryObjectStore>) {
  return (await listBackups(store)).backups[0]!.manifest;
}

/** Does something to the tree just before tar is fed its names: after the walk. */
function before(create: () => Promise<void>): StartChild {
  return async (command, options) => {
    if (options?.args?.includes('--create') === true) await create();
    return startChild(command, options);
  };
}

describe('a file tree', () => {
  it('comes back as it was, awkward names, links, modes and empty directories included', async () => {
    const root = join(rooms.root, 'site');
    await makeTree(root);
    const { store, made, scratchRoot } = await snapshot();
    const backup = await made;
    expect(backup.warnings).toEqual([]);
    const record = await verifyBackup({ backup, store, scratchRoot });
    expect(record).toMatchObject({ reached: 'restored' });
    const to = join(rooms.root, 'back');
    await restoreFromStore({ backup, store, to });
    expect(describeTree(to)).toBe(describeTree(root));
    expect(await leftIn(scratchRoot)).toEqual([]);
  });

  it('is archived by node-tar where there is no GNU tar, and comes back', async () => {
    const root = join(rooms.root, 'site');
    await makeTree(root);
    // The one name that node-tar writes and cannot read.
    await rm(join(root, `${'long-'.repeat(30)}\n😀`));
    await rm(join(root, 'sub dir', `${'long-'.repeat(30)}\n😀`));
    const { PATH } = process.env;
    vi.stubEnv('PATH', join(rooms.root, 'nothing'));
    const { store, made, scratchRoot } = await snapshot();
    const backup = await made;
    expect((await manifestIn(store)).tools.map(({ name }) => name)).toContain('node-tar');
    await verifyBackup({ backup, store, scratchRoot });
    vi.stubEnv('PATH', PATH);
    await verifyBackup({ backup, store, scratchRoot });
    const to = join(rooms.root, 'back');
    await restoreFromStore({ backup, store, to });
    expect(describeTree(to)).toBe(describeTree(root));
  });

  it('leaves out what is excluded, and says what else it leaves out', async () => {
    const root = join(rooms.root, 'site');
    await mkdir(join(root, 'node_modules', 'x'), { recursive: true });
    await mkdir(join(root, 'cache', 'deep'), { recursive: true });
    for (const name of ['a.txt', 'b.tmp', 'node_modules/x/y', 'cache/deep/z', 'cache/keep']) {
      await writeFile(join(root, name), name);
    }
    const server = createServer().listen(join(root, 'socket'));
    await once(server, 'listening');
    const { store, made } = await snapshot({ exclude: ['node_modules', '*.tmp', 'cache/deep/**'] });
    const backup = await made;
    server.close();
    expect(backup.warnings).toEqual(['1 sockets, pipes or devices were left out: "socket".']);
    const to = join(rooms.root, 'back');
    await restoreFromStore({ backup, store, to });
    expect(describeTree(to)).toContain('a.txt');
    expect(describeTree(to)).toContain('cache/keep');
    expect(describeTree(to)).not.toMatch(/b\.tmp|node_modules|deep\/z|socket/);
  });

  it('names files that vanished or changed since the walk, as warnings', async () => {
    const root = join(rooms.root, 'site');
    await makeTree(root);
    const startTar = before(async () => {
      await unlink(join(root, '-rf'));
      await writeFile(join(root, 'big.bin'), 'smaller now');
    });
    const { store, made, scratchRoot } = await snapshot({ startChild: startTar });
    const backup = await made;
    const { changed, vanished } = await manifestIn(store);
    expect(vanished).toEqual({ count: 1, names: ['-rf'] });
    expect(changed).toEqual({ count: 1, names: ['big.bin'] });
    expect(backup.warnings.join(' ')).toContain('vanished before they were read: "-rf"');
    await verifyBackup({ backup, store, scratchRoot });
  });

  it('fails when a member is missing though the file still stands', async () => {
    const root = join(rooms.root, 'site');
    await makeTree(root);
    const hidden = join(root, 'script.sh');
    // Gone while tar looks for it, there again when the archive is judged.
    const startTar: StartChild = async (command, options) => {
      const isCreate = options?.args?.includes('--create') === true;
      if (isCreate) await unlink(hidden);
      const child = await startChild(command, options);
      if (isCreate) void child.exited.then(() => writeFile(hidden, 'back'));
      return child;
    };
    const { store, made } = await snapshot({ startChild: startTar });
    await expect(made).rejects.toMatchObject({
      code: 'DUMP_INCOMPLETE',
      context: { path: 'script.sh' },
    });
    expect(await keysOf(store)).toEqual([]);
  });

  it('fails when a file or a directory cannot be read, and names it', async () => {
    const root = join(rooms.root, 'site');
    await mkdir(join(root, 'closed'), { recursive: true });
    await writeFile(join(root, 'secret file'), 'x');
    await chmod(join(root, 'secret file'), 0);
    await chmod(rooms.root, 0o777);
    await asNobody(async () => {
      const { store, made } = await snapshot();
      const error: Error = (await made.catch((thrown: Error) => thrown)) as Error;
      expect(error).toMatchObject({ code: 'SOURCE_UNREADABLE', retryable: false });
      expect(error.message).toContain('secret file');
      expect(await keysOf(store)).toEqual([]);
    });
    await rm(join(root, 'secret file'));
    await chmod(join(root, 'closed'), 0);
    await asNobody(async () => {
      const { made } = await snapshot();
      await expect(made).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' });
    });
  });

  it('leaves no listener behind, however much it writes', async () => {
    const root = join(rooms.root, 'site');
    await mkdir(root);
    for (let file = 0; file < 30; file++) {
      await writeFile(join(root, `${file}.bin`), randomBytes(1024 * 1024));
    }
    const warnings: string[] = [];
    const onWarning = ({ name }: Error) => warnings.push(name);
    process.on('warning', onWarning);
    const { store, made, scratchRoot } = await snapshot();
    await verifyBackup({ backup: await made, store, scratchRoot });
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  it('removes its scratch although directories in it are read-only', async () => {
    const root = join(rooms.root, 'site');
    await mkdir(join(root, 'closed', 'deeper'), { recursive: true });
    await writeFile(join(root, 'closed', 'deeper', 'x'), 'x');
    await chmod(join(root, 'closed', 'deeper'), 0o555);
    await chmod(join(root, 'closed'), 0o555);
    await chmod(rooms.root, 0o777);
    await asNobody(async () => {
      const { store, made, scratchRoot } = await snapshot();
      await verifyBackup({ backup: await made, store, scratchRoot });
      expect(await leftIn(scratchRoot)).toEqual([]);
    });
  });

  it('tells why tar could not extract, and counts it as no damage', async () => {
    const root = join(rooms.root, 'site');
    await makeTree(root);
    const { store, made, scratchRoot } = await snapshot();
    const backup = await made;
    const startTar: StartChild = (command, options) => {
      const args = options?.args ?? [];
      const broken = args.includes('--extract') ? [...args, '--no-such-option'] : args;
      return startChild(command, { ...options, args: broken });
    };
    const verified = verifyBackup({ backup, store, scratchRoot, startChild: startTar });
    await expect(verified).rejects.toMatchObject({ code: 'TOOL_FAILED' });
    expect((await listBackups(store)).backups[0]?.proof).toEqual({ level: 'stored' });
    expect(await leftIn(scratchRoot)).toEqual([]);
  });

  it('refuses a name that is not UTF-8, unless it is excluded', async () => {
    const root = join(rooms.root, 'site');
    await mkdir(root);
    await writeFile(Buffer.concat([Buffer.from(`${root}/caf`), Buffer.of(0xe9)]), 'x');
    await writeFile(join(root, 'other'), 'y');
    const { made } = await snapshot();
    await expect(made).rejects.toMatchObject({ code: 'SOURCE_NAME_UNSUPPORTED' });
    const second = await snapshot({ exclude: ['caf?'] });
    await second.made;
  });

  it('fails when tar dies, and publishes nothing', async () => {
    const root = join(rooms.root, 'site');
    await makeTree(root);
    const startTar: StartChild = async (command, options) => {
      const child = await startChild(command, options);
      if (options?.args?.includes('--create') === true) process.kill(child.identity.pid, 'SIGKILL');
      return child;
    };
    const { store, made, scratchRoot } = await snapshot({ startChild: startTar });
    await expect(made).rejects.toMatchObject({ code: 'TOOL_FAILED' });
    expect(await keysOf(store)).toEqual([]);
    expect(await leftIn(scratchRoot)).toEqual([]);
  });

  it('follows a symlink to its root, and no other', async () => {
    await makeTree(join(rooms.root, 'release-7'));
    await symlink('release-7', join(rooms.root, 'site'));
    const { store, made } = await snapshot();
    const backup = await made;
    const to = join(rooms.root, 'back');
    await restoreFromStore({ backup, store, to });
    expect(describeTree(to)).toBe(describeTree(join(rooms.root, 'release-7')));
  });

  it('ends tar when it is aborted in the middle', async () => {
    const root = join(rooms.root, 'site');
    await mkdir(root);
    for (let file = 0; file < 20; file++) {
      await writeFile(join(root, `${file}.bin`), randomBytes(1024 * 1024));
    }
    const abort = new AbortController();
    const reason = new Error('window closed');
    const children: Child[] = [];
    const startTar: StartChild = async (command, options) => {
      const child = await startChild(command, options);
      children.push(child);
      return child;
    };
    const whole = memoryObjectStore();
    const put: typeof whole.put = (key, body, options) => {
      setImmediate(() => abort.abort(reason));
      return whole.put(key, body, options);
    };
    const store = overriding(whole, { put });
    const { scratchRoot } = rooms;
    const source = fileTree({ name: 'site', path: root });
    const work = { scratchRoot, startChild: startTar, signal: abort.signal };
    const made = createBackup({ source, store, storeName: 'primary', ...work });
    await expect(made).rejects.toBe(reason);
    await expect(children.at(-1)?.done).rejects.toBe(reason);
    expect(await keysOf(whole)).toEqual([]);
    expect(await leftIn(scratchRoot)).toEqual([]);
  });

  it('is an error when the root is missing or no directory', async () => {
    const { made } = await snapshot();
    await expect(made).rejects.toMatchObject({ code: 'SOURCE_MISSING' });
    await writeFile(join(rooms.root, 'site'), 'a file');
    const second = await snapshot();
    await expect(second.made).rejects.toMatchObject({ code: 'SOURCE_INVALID' });
  });
});
