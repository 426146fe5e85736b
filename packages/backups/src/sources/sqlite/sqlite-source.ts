import { createReadStream, createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { HoldfastError } from '@holdfast/core';
import type { DatabaseFingerprint } from '../../model/fingerprint.ts';
import type { Artifact, Manifest } from '../../model/manifest.ts';
import { PIECE_BYTES } from '../../pipeline/coalesce.ts';
import { complaints } from '../../preflight/finding.ts';
import { checkScratchSpace } from '../../pipeline/space.ts';
import {
  type Comparison,
  type DumpFacts,
  type DumpStream,
  NO_FILES,
  type Source,
  type StoredBackup,
} from '../source.ts';
import type { Workroom } from '../workroom.ts';
import { compareDatabases } from './compare-databases.ts';
import { sqliteGuide } from './guide.ts';
import { locateDatabase } from './locate.ts';
import type { SqliteReport } from './protocol.ts';
import { runSqliteJob } from './run-job.ts';
import type { SqliteSpec } from './spec.ts';

function checkCopy(spec: SqliteSpec, report: SqliteReport): void {
  const [first] = report.integrity;
  if (first !== undefined) {
    throw corrupt(spec, `integrity_check says: ${first}`, report.integrity.length);
  }
  if (report.foreignKeyViolations > 0 && spec.foreignKeys === 'error') {
    throw corrupt(
      spec,
      `${report.foreignKeyViolations} rows break a foreign key`,
      report.foreignKeyViolations,
      "Repair the rows, or declare the source with foreignKeys: 'warning'.",
    );
  }
}

function corrupt(spec: SqliteSpec, why: string, findings: number, hint?: string): HoldfastError {
  return new HoldfastError('DUMP_CORRUPT_SOURCE', `The database ${spec.path} is damaged: ${why}.`, {
    hint: hint ?? 'Nothing was stored. Repair the database, or restore it from an earlier backup.',
    retryable: false,
    context: { path: spec.path, findings },
  });
}

function fingerprintOf(report: SqliteReport): DatabaseFingerprint {
  const { schemaSha256, tables, foreignKeyViolations } = report;
  return { kind: 'database', schemaSha256, tables, foreignKeyViolations };
}

function factsOf(report: SqliteReport): DumpFacts {
  const warnings = report.uncounted.map(
    (reason) => `A virtual table could not be counted: ${reason}.`,
  );
  warnings.push(...report.unchecked.map((reason) => `The table ${reason}.`));
  if (report.foreignKeyViolations > 0) {
    warnings.push(`${report.foreignKeyViolations} rows break a foreign key.`);
  }
  return {
    fingerprint: fingerprintOf(report),
    tools: [{ name: 'sqlite', version: report.sqlite }],
    warnings,
    changed: NO_FILES,
    vanished: NO_FILES,
  };
}

async function* dump(
  spec: SqliteSpec,
  room: Workroom,
): AsyncGenerator<DumpStream, DumpFacts, void> {
  const bytes = await locateDatabase(spec.path);
  await checkScratchSpace(room.scratch, bytes);
  const copy = join(room.scratch, 'snapshot.sqlite');
  const report = await runSqliteJob({ task: 'snapshot', path: spec.path, copy }, room);
  checkCopy(spec, report);
  yield {
    plainName: `${spec.name}.sqlite`,
    layers: ['zstd'],
    bytes: createReadStream(copy, { highWaterMark: PIECE_BYTES, signal: room.signal }),
    expectedBytes: (await stat(copy)).size,
  };
  await rm(copy);
  return factsOf(report);
}

function onlyArtifact(manifest: Manifest): Artifact {
  const [artifact] = manifest.artifacts;
  if (artifact !== undefined && manifest.artifacts.length === 1) return artifact;
  throw new HoldfastError(
    'MANIFEST_INVALID',
    `A SQLite backup has one artifact; ${manifest.id} has not.`,
    {
      retryable: false,
    },
  );
}

async function restore(backup: StoredBackup, to: string, room: Workroom): Promise<void> {
  const bytes = backup.read(onlyArtifact(backup.manifest));
  // Flushed to the disk before it is closed: the rename that follows must not outlive the content.
  const file = createWriteStream(to, { flags: 'wx', mode: 0o600, flush: true });
  await pipeline(bytes, file, { signal: room.signal });
}

async function compare(backup: StoredBackup, at: string, room: Workroom): Promise<Comparison> {
  const { fingerprint } = backup.manifest;
  if (fingerprint.kind !== 'database') {
    throw new HoldfastError(
      'MANIFEST_INVALID',
      `${backup.manifest.id} has no database's fingerprint.`,
      {
        retryable: false,
      },
    );
  }
  return compareDatabases(fingerprint, await runSqliteJob({ task: 'inspect', path: at }, room));
}

/** Dumps, restores and compares SQLite databases, by SQLite's own online backup. */
export const sqlite: Source<SqliteSpec> = {
  kind: 'sqlite',
  identity: (spec) => ({ path: spec.path }),
  dump,
  restore,
  compare,
  companions: ['-wal', '-shm', '-journal'],
  guide: sqliteGuide,
  preflight: (spec, room) => complaints(room.signal, () => locateDatabase(spec.path)),
};
