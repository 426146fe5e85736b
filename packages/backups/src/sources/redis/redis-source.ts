import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { StreamFingerprint, ValueFingerprint } from '../../model/fingerprint.ts';
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
import { compareCounts, rangesOf, widened } from '../streams/counts.ts';
import { compareFile, restoreFile } from '../streams/plain-file.ts';
import { streamFingerprint } from '../streams/stream-backup.ts';
import type { Workroom } from '../workroom.ts';
import { checkRdb } from './check-rdb.ts';
import { redisGuide } from './guide.ts';
import { readState } from './keyspace.ts';
import { accessTo, redisCli, redisUrl } from './redis-cli.ts';
import { withLoadedRdb } from './scratch-redis.ts';
import type { RedisSpec } from './spec.ts';
import { compareValues, ValueWatch } from './values.ts';

/** Dumps to a file, and reads the values, where that is wanted: before it is read, the file is known to be whole. */
async function dumpTo(
  path: string,
  spec: RedisSpec,
  room: Workroom,
): Promise<Pick<StreamFingerprint, 'counts' | 'values'> & { readonly version: string }> {
  const access = await accessTo(spec, room);
  const before = await readState(access, room);
  await checkScratchSpace(room.scratch, before.memory / 2);
  const watch = spec.checksums ? await ValueWatch.begin(spec, before, room) : undefined;
  try {
    await redisCli(access, ['--rdb', path], room);
    const after = await readState(access, room);
    await checkRdb(path, access.url, room);
    const { version } = before;
    const counts = rangesOf(before.counts, after.counts);
    if (watch === undefined) return { version, counts };
    const values = await watch.read(after);
    return { version, counts: widened(counts, watch.told), values };
  } finally {
    watch?.close();
  }
}

function warningsOf(values: ValueFingerprint | undefined): readonly string[] {
  if (values === undefined || values.changed.length * 2 <= values.parts) return [];
  return [
    `${values.changed.length} of ${values.parts} parts of the keys were written to meanwhile: their values are not compared.`,
  ];
}

async function* dump(spec: RedisSpec, room: Workroom): AsyncGenerator<DumpStream, DumpFacts, void> {
  const path = join(room.scratch, 'dump.rdb');
  const { version, counts, values } = await dumpTo(path, spec, room);
  const bytes = (await stat(path)).size;
  yield {
    plainName: `${spec.name}.rdb`,
    layers: ['zstd'],
    bytes: createReadStream(path, { highWaterMark: PIECE_BYTES, signal: room.signal }),
    expectedBytes: bytes,
  };
  await rm(path);
  return {
    fingerprint: { kind: 'stream', bytes, counts, ...(values === undefined ? {} : { values }) },
    tools: [{ name: 'redis-server', version }],
    warnings: warningsOf(values),
    changed: NO_FILES,
    vanished: NO_FILES,
  };
}

async function compare(backup: StoredBackup, at: string, room: Workroom): Promise<Comparison> {
  const { counts, values } = streamFingerprint(backup.manifest);
  const file = await compareFile(backup, at, room);
  return withLoadedRdb(at, room, async (copy) => {
    const { counts: found } = copy.state;
    const more = values === undefined ? [] : await compareValues(values, copy, room);
    const keys = Object.keys(found).filter((what) => /^keys in db\d+$/.test(what));
    return {
      differences: [...file, ...compareCounts(counts, found), ...more].slice(0, 100),
      tables: keys.length,
      rows: keys.reduce((sum, what) => sum + (found[what] ?? 0), 0),
    };
  });
}

async function preflight(spec: RedisSpec, room: Workroom): Promise<readonly Finding[]> {
  const steps = [
    async () => {
      const state = await readState(await accessTo(spec, room), room);
      if (spec.checksums) (await ValueWatch.begin(spec, state, room)).close();
    },
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
