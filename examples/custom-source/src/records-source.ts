import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import type { Comparison, DumpFacts, DumpStream, Source, SourceSpec } from '@holdfast/backups';
import { openedFile, type StoredBackup, type Workroom } from '@holdfast/backups';
import { HoldfastError } from '@holdfast/core';

/** The records of a service: one JSON text a line, as its /export gives them. */
export interface RecordsSpec extends SourceSpec {
  readonly kind: 'records';
  readonly url: string;
}

const NO_FILES = { count: 0, names: [] };
const SCHEMA = createHash('sha256').update('records, one JSON text a line').digest('hex');

async function* dump(
  spec: RecordsSpec,
  room: Workroom,
): AsyncGenerator<DumpStream, DumpFacts, void> {
  const response = await fetch(`${spec.url}/export`, { signal: room.signal });
  // What the source holds, from the source: lines counted in the dump would only prove the dump to itself.
  const rows = Number(response.headers.get('x-record-count') ?? 'none');
  if (!response.ok || response.body === null || !Number.isSafeInteger(rows)) {
    throw new HoldfastError('RECORDS_UNREADABLE', `${spec.url} answered ${response.status}.`);
  }
  yield { plainName: `${spec.name}.ndjson`, layers: ['zstd'], bytes: response.body };
  return {
    fingerprint: {
      kind: 'database',
      schemaSha256: SCHEMA,
      tables: [{ table: 'records', rows }],
      foreignKeyViolations: 0,
    },
    tools: [],
    warnings: [],
    changed: NO_FILES,
    vanished: NO_FILES,
  };
}

async function restore(backup: StoredBackup, to: string, room: Workroom): Promise<void> {
  const [artifact] = backup.manifest.artifacts;
  if (artifact === undefined) throw new HoldfastError('RECORDS_MISSING', 'There is no artifact.');
  const file = createWriteStream(to, { flags: 'wx', mode: 0o600, flush: true });
  await pipeline(backup.read(artifact), file, { signal: room.signal });
}

async function compare(backup: StoredBackup, at: string): Promise<Comparison> {
  const { fingerprint } = backup.manifest;
  const expected = fingerprint.kind === 'database' ? fingerprint.tables[0]?.rows : undefined;
  let found = 0;
  for await (const line of createInterface(createReadStream(at))) {
    JSON.parse(line);
    found += 1;
  }
  if (found === expected) return { differences: [], tables: 1, rows: found };
  const difference = {
    what: 'table records',
    expected: `${expected} rows`,
    found: `${found} rows`,
  };
  return { differences: [difference] };
}

/** Dumps, restores and compares the records of a service. */
export const records: Source<RecordsSpec> = {
  kind: 'records',
  identity: ({ url }) => ({ url }),
  dump,
  restore,
  compare,
  guide: ({ name }, _facts, artifacts) => ({
    programs: ['sha256sum', 'zstd'],
    summary: `The records, restored to restored/${name}.ndjson below this folder.`,
    commands: [
      'mkdir restored',
      ...artifacts.map((one) => `zstd -d -q ${openedFile(one)} -o 'restored/${one.plainName}'`),
    ],
  }),
};
