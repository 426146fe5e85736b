import { createHash } from 'node:crypto';
import type { ObjectStore } from '@holdfast/core';
import type { VerificationLevel } from '@holdfast/backups';
import { backupPath, MANIFEST_NAME } from '../../src/model/layout.ts';
import { type Manifest, MANIFEST_FORMAT, MANIFEST_VERSION } from '../../src/model/manifest.ts';
import { sealManifest, serialiseManifest } from '../../src/model/parse-manifest.ts';
import { keepRecord } from '../../src/verify/record.ts';

const CONTENT = Buffer.from('what the source held');
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');
const NO_FILES = { count: 0, names: [] };

function artifact(name: string) {
  const sizes = { plainBytes: CONTENT.length, storedBytes: CONTENT.length };
  const hashes = { plainSha256: SHA256, storedSha256: SHA256 };
  return { name, plainName: name, layers: [], ...sizes, ...hashes };
}

/** Puts a backup into a store, and a record of its proof, without dumping anything. */
export async function forge(
  store: ObjectStore,
  time: number,
  level: VerificationLevel | undefined = 'restored',
  set = 'orders',
): Promise<Manifest> {
  const startedAt = new Date(time).toISOString();
  const id = `${startedAt.slice(0, 19).replaceAll(/[-:]/g, '')}Z-0123456789abcdef`;
  const manifest = sealManifest({
    format: MANIFEST_FORMAT,
    version: MANIFEST_VERSION,
    id,
    set,
    source: { kind: 'sqlite', name: set, identity: {} },
    tools: [],
    startedAt,
    endedAt: startedAt,
    artifacts: [artifact('a.sqlite'), artifact('b.sqlite')],
    documents: [],
    fingerprint: { kind: 'database', schemaSha256: SHA256, tables: [], foreignKeyViolations: 0 },
    warnings: [],
    changed: NO_FILES,
    vanished: NO_FILES,
    runId: null,
    codeVersion: null,
  });
  const path = backupPath(set, id);
  for (const { name } of manifest.artifacts) await store.put(path + name, CONTENT);
  await store.put(path + MANIFEST_NAME, Buffer.from(serialiseManifest(manifest)));
  if (level === 'stored') return manifest;
  const examination = { reached: level, compared: { objects: 2, storedBytes: 40, plainBytes: 40 } };
  const times = { startedAt: time, endedAt: time };
  await keepRecord({ backup: manifest, store, level, ...times, examination, problem: null });
  return manifest;
}
