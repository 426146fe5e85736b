import { spawnSync } from 'node:child_process';
import { appendFile, chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createEngine, flow, memoryRunStore, secret } from '@holdfast/core';
import { type Child, type ChildOptions, isAlive, startChild } from '@holdfast/core/process';
import {
  backUpByRestic,
  checkRestic,
  resticBackup,
  type ResticBackupInput,
  resticCheck,
  resticRepository,
  resticRestore,
  restoreByRestic,
  type StartChild,
} from '@holdfast/backups';
import { asNobody } from './support/nobody.ts';
import { testRooms } from './support/rooms.ts';
import { describeTree, makeTree } from './support/trees.ts';
import { isProvided } from '../../../test/servers/provided.ts';

const rooms = testRooms();
const PASSWORD = `a#b\\c"d'e é😀 x`;
const canRun = isProvided(
  spawnSync('restic', ['version']).error === undefined,
  'restic (package restic)',
);

function ours() {
  return resticRepository({
    repository: join(rooms.root, 'repo'),
    password: secret('env:RESTIC_TEST_PASSWORD'),
    env: { XDG_CACHE_HOME: join(rooms.root, 'cache') },
  });
}

async function tree(): Promise<string> {
  const path = join(rooms.root, 'site');
  await makeTree(path);
  return path;
}

/** The packs of a repository, which hold its data. */
async function packs(): Promise<string[]> {
  const data = join(rooms.root, 'repo', 'data');
  const files = await readdir(data, { recursive: true, withFileTypes: true });
  return files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
}

describe.skipIf(!canRun)('restic as an engine', { timeout: 120_000 }, () => {
  beforeEach(() => void vi.stubEnv('RESTIC_TEST_PASSWORD', PASSWORD));

  it('backs up by increments, checks, and restores what was there', async () => {
    const path = await tree();
    const store = { repository: ours() };
    const progress: number[] = [];
    const first = await backUpByRestic({
      ...store,
      paths: [path],
      tags: ['nightly'],
      init: true,
      onProgress: ({ done }) => void progress.push(done),
    });
    expect(first.snapshot).toMatch(/^[0-9a-f]{8,}$/);
    expect(first).toMatchObject({ filesChanged: 0, filesUnmodified: 0 });
    expect(first.filesNew).toBeGreaterThan(3);
    expect(progress.at(-1)).toBe(first.bytes);
    await writeFile(join(path, 'one more'), 'x'.repeat(500));
    const second = await backUpByRestic({ ...store, paths: [path], exclude: ['*.none'] });
    expect(second).toMatchObject({ filesNew: 1, filesUnmodified: first.filesNew });
    expect(await checkRestic({ ...store, readData: true })).toMatchObject({ readData: true });
    await checkRestic({ ...store, readData: '50%' });
    const to = join(rooms.root, 'back');
    const restored = await restoreByRestic({ ...store, snapshot: second.snapshot, to });
    expect(restored.filesVerified).toBe(first.filesNew + 1);
    expect(describeTree(join(to, path))).toBe(describeTree(path));
    const old = join(rooms.root, 'old');
    await restoreByRestic({ ...store, snapshot: first.snapshot, to: old, include: ['*'] });
    expect(await readdir(join(old, path))).not.toContain('one more');
  });

  it('goes through its tasks, and tells of its progress', async () => {
    const path = await tree();
    const store = { repository: ours() };
    const to = join(rooms.root, 'back');
    const nightly = flow(
      async (input: ResticBackupInput) => {
        const { snapshot } = await resticBackup(input);
        await resticCheck({ repository: input.repository, readData: true });
        return resticRestore({ repository: input.repository, snapshot, to });
      },
      { name: 'nightly-restic' },
    );
    const engine = createEngine({ store: memoryRunStore() });
    const told: unknown[] = [];
    engine.events.on('progress', ({ progress }) => void told.push(progress));
    await engine.run(nightly, [{ ...store, paths: [path], init: true }]);
    await engine.stop();
    expect(told.at(-1)).toMatchObject({ unit: 'bytes', done: expect.any(Number) });
    expect(describeTree(join(to, path))).toBe(describeTree(path));
  });

  it('leaves out what is excluded', async () => {
    const path = await tree();
    await writeFile(join(path, 'left.tmp'), 'x');
    const store = { repository: ours() };
    const options = {
      ...store,
      paths: [path],
      init: true,
      exclude: ['*.tmp'],
      oneFileSystem: true,
    };
    const { snapshot } = await backUpByRestic(options);
    const to = join(rooms.root, 'back');
    await restoreByRestic({ ...store, snapshot, to });
    expect(await readdir(join(to, path))).not.toContain('left.tmp');
  });

  it('makes no repository unless it is told to, and takes no other password', async () => {
    const path = await tree();
    const store = { repository: ours() };
    const missing = { code: 'RESTIC_REPOSITORY_MISSING', retryable: false };
    await expect(backUpByRestic({ ...store, paths: [path] })).rejects.toMatchObject(missing);
    await expect(checkRestic(store)).rejects.toMatchObject(missing);
    await backUpByRestic({ ...store, paths: [path], init: true });
    vi.stubEnv('RESTIC_TEST_PASSWORD', 'another');
    const wrong = { code: 'RESTIC_PASSWORD_WRONG', retryable: false };
    await expect(checkRestic(store)).rejects.toMatchObject(wrong);
    const again = backUpByRestic({ ...store, paths: [path], init: true });
    await expect(again).rejects.toMatchObject(wrong);
  });

  it('does not call a backup one that lacks what was asked for', async () => {
    const path = await tree();
    const store = { repository: ours(), init: true };
    // restic itself leaves it out, and ends with 0.
    const nowhere = backUpByRestic({ ...store, paths: [path, join(rooms.root, 'nowhere')] });
    await expect(nowhere).rejects.toMatchObject({ code: 'SOURCE_MISSING' });
    await expect(readdir(join(rooms.root, 'repo'))).rejects.toThrow();
    await writeFile(join(path, 'closed'), 'x', { mode: 0 });
    await chmod(rooms.root, 0o777);
    await asNobody(async () => {
      const made = backUpByRestic({ ...store, paths: [path] });
      await expect(made).rejects.toMatchObject({
        code: 'SOURCE_UNREADABLE',
        message: expect.stringContaining('closed'),
      });
    });
  });

  it('finds a flipped byte when it reads the data, and where it restores', async () => {
    const path = await tree();
    await writeFile(join(path, 'big'), Buffer.alloc(300_000, 'abcdefg'));
    const store = { repository: ours() };
    const { snapshot } = await backUpByRestic({ ...store, paths: [path], init: true });
    for (const pack of await packs()) {
      await chmod(pack, 0o600);
      const bytes = await readFile(pack);
      bytes[40] = (bytes[40] ?? 0) ^ 1;
      await writeFile(pack, bytes);
    }
    await expect(checkRestic({ ...store, readData: true })).rejects.toMatchObject({
      code: 'RESTIC_DAMAGED',
    });
    const to = join(rooms.root, 'back');
    await expect(restoreByRestic({ ...store, snapshot, to })).rejects.toThrow();
  });

  it('puts no secret where others see it', async () => {
    const path = await tree();
    const seen: ChildOptions[] = [];
    const watching: StartChild = (command, options = {}) => {
      seen.push(options);
      return startChild(command, options);
    };
    await backUpByRestic({
      repository: ours(),
      paths: [path],
      init: true,
      startChild: watching,
    });
    expect(seen.length).toBeGreaterThan(1);
    expect(JSON.stringify(seen.map(({ args }) => args))).not.toContain('😀');
    expect(JSON.stringify(ours())).not.toContain('😀');
  });

  it('ends restic when it is given up, and a later one is not held up by its lock', async () => {
    const path = await tree();
    const store = { repository: ours() };
    await backUpByRestic({ ...store, paths: [path], init: true });
    const abort = new AbortController();
    const reason = new Error('window closed');
    const children: Child[] = [];
    const made = backUpByRestic({
      ...store,
      paths: [path],
      signal: abort.signal,
      startChild: async (command, options) => {
        const child = await startChild(command, options);
        children.push(child);
        if (options?.args?.includes('backup') === true) abort.abort(reason);
        return child;
      },
    });
    await expect(made).rejects.toBe(reason);
    expect(new Set(children.map(({ identity }) => isAlive(identity)))).toEqual(new Set(['dead']));
    await backUpByRestic({ ...store, paths: [path] });
    await checkRestic(store);
  });

  it('restores to no place with something in it', async () => {
    const store = { repository: ours() };
    const to = join(rooms.root, 'full');
    await mkdir(to);
    await appendFile(join(to, 'x'), 'x');
    await expect(restoreByRestic({ ...store, snapshot: 'latest', to })).rejects.toMatchObject({
      code: 'RESTORE_TARGET_NOT_EMPTY',
    });
    for (const snapshot of ['', '--help', 'xyz']) {
      await expect(restoreByRestic({ ...store, snapshot, to })).rejects.toMatchObject({
        code: 'OPTIONS_INVALID',
      });
    }
  });
});

describe('resticRepository', () => {
  const password = secret('env:X');

  it.each([
    { repository: '' },
    { repository: 'relative/path' },
    { repository: 'rest:https://user:pass@host/' },
    { password: 'plain' as never },
    { env: { 'A-B': 'x' } },
    { env: { A: 1 as never } },
  ])('refuses %j', (more) => {
    expect(() => resticRepository({ repository: '/r', password, ...more })).toThrow(
      expect.objectContaining({ code: 'OPTIONS_INVALID' }),
    );
  });

  it('refuses paths that are none', async () => {
    const repository = resticRepository({ repository: '/r', password });
    for (const paths of [[], ['relative']]) {
      await expect(backUpByRestic({ repository, paths })).rejects.toMatchObject({
        code: 'OPTIONS_INVALID',
      });
    }
  });
});
