import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { tryOut } from '../../preflight/finding.ts';
import { PIECE_BYTES } from '../../pipeline/coalesce.ts';
import { checkScratchSpace } from '../../pipeline/space.ts';
import {
  type Comparison,
  type DumpFacts,
  type DumpStream,
  type Finding,
  NO_FILES,
  type Source,
  type StoredBackup,
} from '../source.ts';
import { compareCounts, rangesOf } from '../streams/counts.ts';
import { compareFile, restoreFile } from '../streams/plain-file.ts';
import { streamFingerprint } from '../streams/stream-backup.ts';
import type { Workroom } from '../workroom.ts';
import { checkRdb } from './check-rdb.ts';
import { redisGuide } from './guide.ts';
import { readState } from './keyspace.ts';
import { accessTo, redisCli, redisUrl } from './redis-cli.ts';
import { loadRdb } from './scratch-redis.ts';
import type { RedisSpec } from './spec.ts';

async function* dump(spec: RedisSpec, room: Workroom): AsyncGenerator<DumpStream, DumpFacts, void> {
  const access = await accessTo(spec, room);
  const before = await readState(access, room);
  await checkScratchSpace(room.scratch, before.memory / 2);
  const path = join(room.scratch, 'dump.rdb');
  await redisCli(access, ['--rdb', path], room);
  const after = await readState(access, room);
  await checkRdb(path, access.url, room);
  const bytes = (await stat(path)).size;
  yield {
    plainName: `${spec.name}.rdb`,
    layers: ['zstd'],
    bytes: createReadStream(path, { highWaterMark: PIECE_BYTES, signal: room.signal }),
    expectedBytes: bytes,
  };
  await rm(path);
  return {
    fingerprint: { kind: 'stream', bytes, counts: rangesOf(before.counts, after.counts) },
    tools: [{ name: 'redis-server', version: before.version }],
    warnings: [],
    changed: NO_FILES,
    vanished: NO_FILES,
  };
}

async function compare(backup: StoredBackup, at: string, room: Workroom): Promise<Comparison> {
  const { counts } = streamFingerprint(backup.manifest);
  const file = await compareFile(backup, at, room);
  const { counts: found } = await loadRdb(at, room);
  const keys = Object.keys(found).filter((what) => /^keys in db\d+$/.test(what));
  return {
    differences: [...file, ...compareCounts(counts, found)].slice(0, 100),
    tables: keys.length,
    rows: keys.reduce((sum, what) => sum + (found[what] ?? 0), 0),
  };
}

async function preflight(spec: RedisSpec, room: Workroom): Promise<readonly Finding[]> {
  const steps = [
    async () => void (await readState(await accessTo(spec, room), room)),
    ...['redis-check-rdb', 'redis-server'].map((program) => async () => {
      const child = await room.startChild(program, {
        args: ['--version'],
        stdout: 'ignore',
        signal: room.signal,
      });
      await child.done;
    }),
  ];
  const findings: Finding[] = [];
  for (const step of steps) {
    const tried = await tryOut(room.signal, step);
    if ('finding' in tried) findings.push(tried.finding);
  }
  return findings;
}

/** Dumps Redis servers over the wire as RDB files, checks these, and proves them by loading them. */
export const redis: Source<RedisSpec> = {
  kind: 'redis',
  identity: (spec) => ({
    server: redisUrl(spec),
    ...(spec.user === undefined ? {} : { user: spec.user }),
  }),
  dump,
  restore: restoreFile,
  compare,
  guide: redisGuide,
  preflight,
};
