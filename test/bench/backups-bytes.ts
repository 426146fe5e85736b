import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Backup,
  createBackup,
  fileTree,
  NO_FILES,
  type Source,
  sourceOfKind,
  type SourceSpec,
  verifyBackup,
} from '@holdfast/backups';
import { HoldfastError, type ObjectStore, secret } from '@holdfast/core';
import { startChild } from '@holdfast/core/process';
import { localObjectStore } from '@holdfast/storage/local';
import { hasPostgres, type PostgresServer, startPostgres } from '../servers/postgres.ts';
import { type Figure, interleaved, type Pair } from './harness.ts';

const BLOCKS = 5;
const FILES = 20_000;
const FILE_BYTES = 48 * 1024;
const ROWS = 4_000_000;

/** Where the benchmark works, and for whom it encrypts. */
interface Bench {
  readonly root: string;
  readonly recipient: string;
  readonly identity: string;
  readonly store: ObjectStore;
}

function shell(script: string, args: readonly string[]): void {
  const command = ['-o', 'pipefail', '-ec', script, 'bash', ...args];
  execFileSync('bash', command, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** What a shell makes of a stream, each stage a program. */
const STAGES = `| zstd -q -3 -T0 | age -r "$1" | tee "$2" | sha256sum`;

/** A database as a program prints it; nothing is counted, as the shell counts nothing. */
function printedDatabase(server: PostgresServer): Source {
  const args = ['-Fc', '-Z0', '-d', server.url('bench')];
  const command = { program: join(server.bin, 'pg_dump'), args };
  async function* dump(): ReturnType<Source['dump']> {
    yield await Promise.resolve({ plainName: 'bench.dump', layers: ['zstd' as const], command });
    const empty = { schemaSha256: '0'.repeat(64), tables: [], foreignKeyViolations: 0 };
    const fingerprint = { kind: 'database' as const, ...empty };
    return { fingerprint, tools: [], warnings: [], changed: NO_FILES, vanished: NO_FILES };
  }
  const identity = () => ({});
  const guide = () => ({ programs: [], summary: '', commands: [] });
  const sqlite = sourceOfKind('sqlite') as Source;
  return {
    kind: 'printed',
    identity,
    dump,
    guide,
    restore: sqlite.restore,
    compare: sqlite.compare,
  };
}

/** As on a machine without the zstd program. */
const withoutZstd: typeof startChild = (command, options) =>
  command === 'zstd'
    ? Promise.reject(new HoldfastError('TOOL_MISSING', 'left out', { retryable: false }))
    : startChild(command, options);

function backUp(bench: Bench, source: SourceSpec, options: object = {}): Promise<Backup> {
  const { root, store, recipient } = bench;
  const encryption = { recipients: [recipient] };
  const into = { store, storeName: 'bench', scratchRoot: join(root, 'scratch') };
  return createBackup({ source, ...into, encryption, ...options });
}

function figure(name: string, pair: Pair, target: number): Figure {
  const ratio = pair.baseline / pair.ours;
  const seconds = { value: pair.ours / 1000, baseline: pair.baseline / 1000, unit: 's' };
  return { name, ...seconds, ratio, target: `ratio ≥ ${target}`, met: ratio >= target };
}

async function database(bench: Bench, server: PostgresServer): Promise<Figure[]> {
  server.createDatabase('bench');
  server.sql(
    `create table t as select g as id, md5(g::text) as code, 'order ' || g % 9973 || ' of customer ' || g % 977
       || repeat(' and so on', 12) as note, now() + g * interval '1 s' as at from generate_series(1, ${ROWS}) g`,
    'bench',
  );
  const source = { kind: 'printed', name: 'bench' };
  const sources = [printedDatabase(server)];
  const file = join(bench.root, 'baseline');
  const baseline = () =>
    shell(`"$3" -Fc -Z0 -d "$4" ${STAGES}`, [
      bench.recipient,
      file,
      join(server.bin, 'pg_dump'),
      server.url('bench'),
    ]);
  const ours = (options: object) => () => backUp(bench, source, { sources, ...options });
  const before = process.memoryUsage().rss;
  const joined = await interleaved(ours({}), baseline, BLOCKS);
  const growth = process.resourceUsage().maxRSS / 1024 - before / 1024 / 1024;
  const alone = await interleaved(ours({ startChild: withoutZstd }), baseline, BLOCKS);
  return [
    figure('PostgreSQL → zstd → age → sha256 → disk', joined, 0.95),
    {
      name: 'the same: peak memory, beyond what this process had before',
      value: growth,
      unit: 'MiB',
      baseline: null,
      ratio: null,
      target: '≤ 60 MiB, which makes 150 in all',
      met: growth <= 60,
    },
    figure('the same without the zstd program', alone, 0.85),
  ];
}

/** Words in no order, more than zstd looks back at: compresses to about a quarter, as texts do. */
function textPool(): Buffer {
  const words = Array.from({ length: 4096 }, (_, number) =>
    randomBytes(1 + (number % 6)).toString('hex'),
  );
  const pool = Buffer.alloc(24 * 1024 * 1024, ' ');
  const numbers = randomBytes(pool.length);
  let at = 0;
  for (let word = 0; at < pool.length - 16; word += 2) {
    const range = word % 3 === 0 ? 64 : words.length;
    at += 1 + pool.write(words[numbers.readUInt16LE(word) % range] ?? '', at);
  }
  return pool;
}

async function makeTree(root: string): Promise<string> {
  const path = join(root, 'tree');
  const pool = textPool();
  for (let number = 0; number < FILES; number++) {
    const folder = join(path, String(number % 200));
    if (number < 200) await mkdir(folder, { recursive: true });
    const at = (number * 7919 * 13) % (pool.length - FILE_BYTES);
    await writeFile(join(folder, `${number}.txt`), pool.subarray(at, at + FILE_BYTES));
  }
  return path;
}

async function tree(bench: Bench): Promise<Figure[]> {
  const path = await makeTree(bench.root);
  const source = fileTree({ name: 'tree', path });
  const file = join(bench.root, 'baseline');
  const options = '--format=posix --numeric-owner --acls --xattrs';
  const baseline = () =>
    shell(`tar -c ${options} -C "$3" . ${STAGES}`, [bench.recipient, file, path]);
  let backup: Backup | undefined;
  const made = await interleaved(
    async () => {
      backup = await backUp(bench, source);
    },
    baseline,
    BLOCKS,
  );
  if (backup === undefined) throw new Error('there is no backup');
  const proven = { ...bench, backup, level: 'readable' as const };
  const identities = [secret(`file:${bench.identity}`)];
  const stored = join(bench.root, 'store', backup.path, 'tree.tar.zst.age');
  const read = await interleaved(
    () => verifyBackup({ ...proven, scratchRoot: join(bench.root, 'scratch'), identities }),
    () =>
      shell('sha256sum "$2"; age -d -i "$1" "$2" | zstd -q -d > /dev/null', [
        bench.identity,
        stored,
      ]),
    BLOCKS,
  );
  return [
    figure(`tree of ${FILES} files → tar → zstd → age → sha256 → disk`, made, 0.95),
    figure('its verification: sha256sum; age -d | zstd -d', read, 1),
  ];
}

/** The way of the bytes: against the same stages as programs in a shell. Nothing where those are missing. */
export async function byteFigures(): Promise<Figure[]> {
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
    const bench = { root, recipient, identity, store: localObjectStore(join(root, 'store')) };
    const figures: Figure[] = [];
    if (hasPostgres) {
      const server = await startPostgres();
      try {
        figures.push(...(await database(bench, server)));
      } finally {
        await server.stop();
      }
    }
    return [...figures, ...(await tree(bench))];
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
