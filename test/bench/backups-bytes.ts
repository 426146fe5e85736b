import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Backup, createBackup, type SourceSpec } from '@holdfast/backups';
import { HoldfastError, type ObjectStore } from '@holdfast/core';
import { startChild } from '@holdfast/core/process';
import { localObjectStore } from '@holdfast/storage/local';
import type { Figure, Pair } from './harness.ts';

/** Where the benchmark works, and for whom it encrypts. */
export interface Bench {
  readonly root: string;
  readonly recipient: string;
  readonly identity: string;
  readonly store: ObjectStore;
}

/** Runs a script of bash; a stage that fails fails it. */
export function shell(script: string, args: readonly string[]): void {
  const command = ['-o', 'pipefail', '-ec', script, 'bash', ...args];
  execFileSync('bash', command, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** What a shell makes of a stream, each stage a program. */
export const STAGES = `| zstd -q -3 -T0 | age -r "$1" | tee "$2" | sha256sum`;

/** As on a machine without the zstd program. */
export const withoutZstd: typeof startChild = (command, options) =>
  command === 'zstd'
    ? Promise.reject(new HoldfastError('TOOL_MISSING', 'left out', { retryable: false }))
    : startChild(command, options);

export function backUp(bench: Bench, source: SourceSpec, options: object = {}): Promise<Backup> {
  const { root, store, recipient } = bench;
  const encryption = { recipients: [recipient] };
  const into = { store, storeName: 'bench', scratchRoot: join(root, 'scratch') };
  return createBackup({ source, ...into, encryption, ...options });
}

export function ratioFigure(name: string, pair: Pair, target: number): Figure {
  const ratio = pair.baseline / pair.ours;
  const seconds = { value: pair.ours / 1000, baseline: pair.baseline / 1000, unit: 's' };
  return { name, ...seconds, ratio, target: `ratio ≥ ${target}`, met: ratio >= target };
}

/** Works in a place of its own. Nothing where the programs of the baseline are missing. */
export async function withBench(work: (bench: Bench) => Promise<Figure[]>): Promise<Figure[]> {
  const missing = ['age', 'zstd', 'tar', 'bash'].filter(
    (program) => spawnSync(program, ['--version']).status !== 0,
  );
  if (missing.length > 0) {
    process.stderr.write(`left out: ${missing.join(', ')} not found\n`);
    return [];
  }
  const root = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  try {
    const identity = join(root, 'key');
    execFileSync('age-keygen', ['-o', identity], { stdio: 'ignore' });
    const recipient = execFileSync('age-keygen', ['-y', identity], { encoding: 'utf8' }).trim();
    return await work({ root, recipient, identity, store: localObjectStore(join(root, 'store')) });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
