import { spawnSync } from 'node:child_process';
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  createEngine,
  type Engine,
  flow,
  memoryObjectStore,
  memoryRunStore,
  type ObjectStore,
  secret,
} from '@holdfast/core';
import {
  type Backup,
  copyBackup,
  judgeSet,
  listBackups,
  listIndexed,
  pruneBackups,
  type PruneInput,
  resticBackup,
  resticCheck,
  type ResticCheckInput,
  resticRepository,
  resticRestore,
  type ResticRestoreInput,
} from '@holdfast/backups';
import { bytesOf, keysOf, testRooms } from './support/rooms.ts';
import { makeTree } from './support/trees.ts';
import { isProvided } from '../../../test/servers/provided.ts';

const rooms = testRooms();
const canRun = isProvided(
  spawnSync('restic', ['version']).error === undefined,
  'restic (package restic)',
);
let primary: ObjectStore;
let engine: Engine;
let site: string;

function ours() {
  return resticRepository({
    repository: join(rooms.root, 'repo'),
    password: secret('env:RESTIC_TEST_PASSWORD'),
    env: { XDG_CACHE_HOME: join(rooms.root, 'cache') },
  });
}

const list = { store: 'primary', set: 'site' };
const backUp = flow(
  (path: string) => resticBackup({ repository: ours(), paths: [path], init: true, list }),
  { name: 'back-up' },
);
const check = flow((input: ResticCheckInput) => resticCheck(input), { name: 'check' });
const restore = flow((input: ResticRestoreInput) => resticRestore(input), { name: 'restore' });
const prune = flow((input: PruneInput) => pruneBackups.with({ retries: 0 })(input), {
  name: 'prune',
});

async function made(): Promise<Backup> {
  const { backup } = await engine.run(backUp, [site]);
  return backup ?? expect.fail('it was not listed');
}

async function entries() {
  return (await listBackups(primary)).backups;
}

function snapshots(): string[] {
  const { stdout } = spawnSync('restic', ['--repo', ours().repository, 'snapshots', '--json'], {
    encoding: 'utf8',
    env: { ...process.env, RESTIC_PASSWORD: process.env['RESTIC_TEST_PASSWORD'] },
  });
  return (JSON.parse(stdout) as { readonly id: string }[]).map(({ id }) => id);
}

function restoreOf(backup: Backup, to: string) {
  return { repository: ours(), snapshot: 'latest', to: join(rooms.root, to), backup };
}

describe.skipIf(!canRun)('a snapshot of restic in the catalog', { timeout: 120_000 }, () => {
  beforeEach(async () => {
    vi.stubEnv('RESTIC_TEST_PASSWORD', 'not to be found');
    primary = memoryObjectStore({ name: 'primary' });
    engine = createEngine({ store: memoryRunStore(), resources: { primary } });
    site = join(rooms.root, 'site');
    await makeTree(site);
  });
  afterEach(() => engine.stop());

  it('is listed with its size and where it is, and as no more than is known of it', async () => {
    const backup = await made();
    const [entry] = await entries();
    const { snapshot } = entry?.manifest ?? {};
    expect(snapshots()).toEqual([expect.stringContaining(snapshot?.id ?? '')]);
    expect(snapshot?.repository).toBe(ours().repository);
    expect(backup).toMatchObject({ set: 'site', source: { kind: 'restic' }, storedBytes: 0 });
    expect(backup.plainBytes).toBeGreaterThan(3_000_000);
    expect(entry?.proof).toEqual({ level: null });
    expect((await listIndexed(primary)).backups).toEqual(await entries());
    for (const key of await keysOf(primary)) {
      expect((await bytesOf(primary, key)).toString()).not.toContain('not to be found');
    }
    const guide = await bytesOf(primary, `${backup.path}RESTORE.md`);
    expect(guide.toString()).toContain(`restore ${snapshot?.id} --target=restored --verify`);
  });

  it('is proven as far as it was looked at, and health counts it', async () => {
    const backup = await made();
    await engine.run(check, [{ repository: ours(), backup }]);
    expect((await entries())[0]?.proof.level).toBe('stored');
    await engine.run(check, [{ repository: ours(), backup, readData: '50%' }]);
    expect((await entries())[0]?.proof.level).toBe('stored');
    await engine.run(check, [{ repository: ours(), backup, readData: true }]);
    expect((await entries())[0]?.proof.level).toBe('readable');
    await engine.run(restore, [{ ...restoreOf(backup, 'some'), include: ['big.bin'] }]);
    expect((await entries())[0]?.proof.level).toBe('readable');
    await engine.run(restore, [restoreOf(backup, 'all')]);
    expect((await entries())[0]?.proof).toMatchObject({ level: 'restored' });
    const views = [{ store: 'primary', backups: await entries(), problems: [] }];
    const { standing, figures } = judgeSet('site', views, {}, Date.now());
    expect(standing).toBe('good');
    expect(figures).toMatchObject({ copies: 1, lastBytes: backup.plainBytes });
  });

  it('is not proven where the repository is damaged, or has lost it', async () => {
    const backup = await made();
    await engine.run(restore, [restoreOf(backup, 'all')]);
    const data = join(ours().repository, 'data');
    const files = await readdir(data, { recursive: true, withFileTypes: true });
    const packs = files.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
    const sizes = await Promise.all(packs.map(async (path) => (await readFile(path)).length));
    const largest = packs[sizes.indexOf(Math.max(...sizes))] ?? '';
    const bytes = await readFile(largest);
    bytes[1000] = (bytes[1000] ?? 0) ^ 1;
    await chmod(largest, 0o600);
    await writeFile(largest, bytes);
    const damaged = engine.run(check, [{ repository: ours(), backup, readData: true }]);
    await expect(damaged).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
    expect((await entries())[0]?.proof).toMatchObject({
      level: null,
      failedAt: expect.any(String),
    });
    await rm(ours().repository, { recursive: true });
    const other = await made();
    const lost = engine.run(check, [{ repository: ours(), backup }]);
    await expect(lost).rejects.toMatchObject({ context: { problem: 'OBJECT_MISSING' } });
    await engine.run(check, [{ repository: ours(), backup: other }]);
  });

  it('is forgotten by our plan, with reasons, after a dry run, and its data goes', async () => {
    const backups: Backup[] = [];
    for (let n = 0; n < 3; n++) {
      await writeFile(join(site, 'one more'), `${n}`);
      backups.push(await made());
      await engine.run(restore, [restoreOf(backups[n]!, `back-${n}`)]);
    }
    const policy = { mode: 'restic', last: 1 } as const;
    const input = { store: 'primary', set: 'site', policy };
    const plan = await engine.run(prune, [{ ...input, dryRun: true }]);
    expect(plan.removed.map(({ id, reasons }) => [id, reasons])).toEqual(
      backups.slice(0, 2).map(({ id }) => [id, ['no rule has a slot for it']]),
    );
    expect(snapshots()).toHaveLength(3);
    const blind = await engine.run(prune, [input]);
    expect(blind.failures.map(({ code }) => code)).toEqual([
      'RESTIC_REPOSITORY_MISSING',
      'RESTIC_REPOSITORY_MISSING',
    ]);
    expect(await entries()).toHaveLength(3);
    const { removed, failures } = await engine.run(prune, [{ ...input, repositories: [ours()] }]);
    expect(failures).toEqual([]);
    expect(removed).toHaveLength(2);
    const left = await entries();
    expect(left.map(({ manifest }) => manifest.id)).toEqual([backups[2]?.id]);
    expect(snapshots()).toEqual([expect.stringContaining(left[0]?.manifest.snapshot?.id ?? '')]);
    expect((await engine.run(prune, [{ ...input, repositories: [ours()] }])).removed).toEqual([]);
  });

  it('stays a removal that has not ended until restic has forgotten it', async () => {
    const backup = await made();
    await engine.run(restore, [restoreOf(backup, 'back')]);
    const second = await made();
    await engine.run(restore, [restoreOf(second, 'again')]);
    const policy = { mode: 'restic', last: 1 } as const;
    const input = { store: 'primary', policy, repositories: [ours()] };
    const wrong = resticRepository({ ...ours(), password: secret('env:RESTIC_WRONG') });
    vi.stubEnv('RESTIC_WRONG', 'one that it does not have');
    const { failures } = await engine.run(prune, [{ ...input, repositories: [wrong] }]);
    expect(failures).toMatchObject([{ id: backup.id, code: 'RESTIC_PASSWORD_WRONG' }]);
    expect((await listBackups(primary)).removals).toMatchObject([{ id: backup.id }]);
    expect(snapshots()).toHaveLength(2);
    const { finished } = await engine.run(prune, [input]);
    expect(finished).toMatchObject([{ id: backup.id }]);
    expect(snapshots()).toHaveLength(1);
    expect((await listBackups(primary)).removals).toEqual([]);
  });

  it('is copied by nobody as if its manifest were all of it', async () => {
    const backup = await made();
    const to = memoryObjectStore();
    const copy = copyBackup({ backup, from: primary, to, toName: 'vault' });
    await expect(copy).rejects.toMatchObject({ code: 'BACKUP_ELSEWHERE' });
    expect(await keysOf(to)).toEqual([]);
    const other = { ...ours(), repository: join(rooms.root, 'other') };
    const unlisted = engine.run(check, [{ repository: other, backup }]);
    await expect(unlisted).rejects.toMatchObject({ code: 'SNAPSHOT_UNLISTED' });
  });
});
