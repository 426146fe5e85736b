import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileTree, verifyBackup } from '@holdfast/backups';
import { secret } from '@holdfast/core';
import { type Bench, backUp, ratioFigure, shell, STAGES, withBench } from './backups-bytes.ts';
import { makeTree } from './file-tree.ts';
import { type Figure, inTurns, interleaved } from './harness.ts';

const BLOCKS = 2;
const FILES = 20_000;

const TAR = 'tar -c --format=posix --numeric-owner --acls --xattrs -C "$3" .';

/** A first backup by restic, into a repository that is made before each turn. */
function resticOf({ root }: Bench, path: string) {
  const repository = join(root, 'restic');
  const args = ['--quiet', '--no-cache', '--repo', repository];
  const env = { ...process.env, RESTIC_PASSWORD: 'bench' };
  const run = (...words: string[]) =>
    execFileSync('restic', [...args, ...words], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  return {
    async prepare() {
      await rm(repository, { recursive: true, force: true });
      run('init');
    },
    backUp: () => run('backup', path),
  };
}

/** A tree on its way to the disk, against the same stages as programs in a shell, and against restic. */
export function treeFigures(): Promise<Figure[]> {
  return withBench(async (bench) => {
    const path = await makeTree(bench.root, FILES);
    const source = fileTree({ name: 'tree', path });
    const file = join(bench.root, 'baseline');
    const restic = resticOf(bench, path);
    const [ours = 0, baseline = 0, peer = 0] = await inTurns(
      [
        { work: () => backUp(bench, source) },
        { work: () => shell(`${TAR} ${STAGES}`, [bench.recipient, file, path]) },
        { work: () => restic.backUp(), before: () => restic.prepare() },
      ],
      BLOCKS,
    );
    return [
      ratioFigure(
        `tree of ${FILES} files → tar → zstd → age → sha256 → disk`,
        { ours, baseline },
        0.95,
      ),
      ratioFigure("the same against restic's first backup", { ours, baseline: peer }, 1),
    ];
  });
}

/** A verification of a tree, against programs in a shell that read the same. */
export function verifyFigures(): Promise<Figure[]> {
  return withBench(async (bench) => {
    const path = await makeTree(bench.root, FILES);
    const backup = await backUp(bench, fileTree({ name: 'tree', path }));
    const proven = { ...bench, backup, level: 'readable' as const };
    const identities = [secret(`file:${bench.identity}`)];
    const stored = join(bench.root, 'store', backup.path, 'tree.tar.zst.age');
    const pair = await interleaved(
      () => verifyBackup({ ...proven, scratchRoot: join(bench.root, 'scratch'), identities }),
      () =>
        shell('sha256sum "$2"; age -d -i "$1" "$2" | zstd -q -d > /dev/null', [
          bench.identity,
          stored,
        ]),
      BLOCKS,
    );
    return [ratioFigure('verification of the tree: sha256sum; age -d | zstd -d', pair, 1)];
  });
}
