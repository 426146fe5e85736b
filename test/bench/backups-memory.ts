import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Bench, withBench } from './backups-bytes.ts';
import { makeTree, textPool } from './file-tree.ts';
import type { Figure } from './harness.ts';

const PROGRAM = fileURLToPath(new URL('backup-process.ts', import.meta.url));
const MOST_MB = 150;
const MIB = 1024 * 1024;

/** The ways that the bytes of a backup go, and how many MiB of them there are: the second size must take no more. */
const SIZES: readonly (readonly [way: string, mebibytes: readonly number[], longer: number])[] = [
  ['program', [384, 1536], 12_288],
  ['program-alone', [384, 1536], 12_288],
  ['tree', [192, 960], 4_800],
];

/**
 * The largest RSS of a whole process that did nothing but this backup, in MB. Whoever uses the packages runs JavaScript:
 * what strips this program of its types, some 17 MB of WebAssembly, has done so in an earlier process.
 */
async function peak(bench: Bench, way: string, place: string, mebibytes: number): Promise<number> {
  const args = [PROGRAM, way, bench.root, bench.recipient, place, String(mebibytes)];
  const env = { ...process.env, NODE_COMPILE_CACHE: join(bench.root, 'compiled') };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  return (JSON.parse(stdout) as { peak: number }).peak / 1e6;
}

const NAMES: { readonly [way: string]: string } = {
  program: "a program's output",
  'program-alone': 'the same without the zstd program',
  tree: 'a file tree',
};

/**
 * How much memory backups take: RSS of the whole process, Node and all, of a fresh process for each.
 *
 * @param isLong also of larger ones
 */
export function memoryFigures(isLong: boolean): Promise<Figure[]> {
  return withBench(async (bench) => {
    const pool = join(bench.root, 'pool');
    await writeFile(pool, textPool());
    const figures: Figure[] = [];
    await peak(bench, 'program-alone', pool, 1);
    for (const [way, sizes, longer] of SIZES) {
      for (const mebibytes of isLong ? [...sizes, longer] : sizes) {
        const files = Math.ceil((mebibytes * MIB) / (48 * 1024));
        const place = way === 'tree' ? await makeTree(bench.root, files) : pool;
        const value = await peak(bench, way, place, mebibytes);
        figures.push({
          name: `peak RSS of a whole process that backs up ${NAMES[way]}, ${mebibytes} MiB`,
          value,
          unit: 'MB',
          baseline: null,
          ratio: null,
          // Of a tree, each member is kept until the manifest is written.
          target: way === 'tree' ? 'no target' : `<= ${MOST_MB} MB`,
          met: way === 'tree' || value <= MOST_MB,
        });
      }
    }
    return figures;
  });
}
