import { HoldfastError, type JsonValue } from '@holdfast/core';
import { isBackupId } from './backup-id.ts';
import type {
  CountRange,
  DatabaseFingerprint,
  Fingerprint,
  ObjectCount,
  SequenceRange,
  ServerDatabase,
  ServerFingerprint,
  StreamFingerprint,
  TableRows,
  TreeFingerprint,
  ValueFingerprint,
  ValueParts,
} from './fingerprint.ts';
import {
  type Artifact,
  type Layer,
  MANIFEST_FORMAT,
  MANIFEST_VERSION,
  type Manifest,
  type NamedFiles,
  type SnapshotRef,
  type SourceIdentity,
  type StoredDocument,
  type ToolVersion,
  type UnsealedManifest,
} from './manifest.ts';
import { openSealed, seal, sealedText } from './sealed-json.ts';
import {
  count,
  isRecord,
  list,
  literal,
  optional,
  orNull,
  type Read,
  record,
  sha256,
  ShapeError,
  text,
  time,
} from './shape.ts';

const FILE_NAME = /^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u;

/** A name within the backup's folder: never a path, so that no manifest can point elsewhere. */
export const fileName: Read<string> = (value, at) => {
  const name = text(value, at);
  if (FILE_NAME.test(name)) return name;
  throw new ShapeError(`${at} must be a plain file name`);
};

/** Of the form that ids of backups have. */
export const backupId: Read<string> = (value, at) => {
  const id = text(value, at);
  if (isBackupId(id)) return id;
  throw new ShapeError(`${at} must be a backup id`);
};

const identity: Read<{ readonly [field: string]: JsonValue }> = (value, at) => {
  if (isRecord(value)) return value as { readonly [field: string]: JsonValue };
  throw new ShapeError(`${at} must be an object`);
};

/** Of any size: JSON's numbers end at 2^53. */
const integer: Read<string> = (value, at) => {
  const digits = text(value, at);
  if (/^-?\d+$/.test(digits)) return digits;
  throw new ShapeError(`${at} must be a whole number in digits`);
};

const tables = list(record<TableRows>({ table: text, rows: count, most: optional(count) }));

const databaseFingerprint = record<DatabaseFingerprint>({
  kind: literal('database'),
  schemaSha256: sha256,
  tables,
  foreignKeyViolations: count,
});

const serverFingerprint = record<ServerFingerprint>({
  kind: literal('server'),
  databases: list(
    record<ServerDatabase>({
      database: text,
      schemaSha256: sha256,
      tables,
      objects: list(record<ObjectCount>({ objects: text, count, sha256: optional(sha256) })),
      sequences: optional(
        list(record<SequenceRange>({ sequence: text, from: integer, to: integer })),
      ),
    }),
  ),
});

const treeFingerprint = record<TreeFingerprint>({
  kind: literal('tree'),
  members: count,
  files: count,
  bytes: count,
  membersSha256: sha256,
  memberList: fileName,
});

const streamFingerprint = record<StreamFingerprint>({
  kind: literal('stream'),
  bytes: count,
  counts: list(record<CountRange>({ what: text, least: count, most: count })),
  values: optional(
    record<ValueFingerprint>({
      parts: count,
      changed: list(count),
      bounds: list(count),
      values: list(record<ValueParts>({ db: count, window: count, hashes: text })),
    }),
  ),
});

const fingerprint: Read<Fingerprint> = (value, at) => {
  const kind = isRecord(value) ? value['kind'] : undefined;
  if (kind === 'tree') return treeFingerprint(value, at);
  if (kind === 'server') return serverFingerprint(value, at);
  if (kind === 'stream') return streamFingerprint(value, at);
  return databaseFingerprint(value, at);
};

const artifact = record<Artifact>({
  name: fileName,
  plainName: fileName,
  layers: list(literal<Layer>('zstd', 'age')),
  recipients: optional(list(text)),
  plainBytes: count,
  plainSha256: optional(sha256),
  storedBytes: count,
  storedSha256: sha256,
});

const namedFiles = record<NamedFiles>({ count, names: list(text) });

const manifest = record<Manifest>({
  format: literal(MANIFEST_FORMAT),
  version: literal(MANIFEST_VERSION),
  id: backupId,
  set: fileName,
  source: record<SourceIdentity>({ kind: text, name: fileName, identity }),
  tools: list(record<ToolVersion>({ name: text, version: text })),
  startedAt: time,
  endedAt: time,
  artifacts: list(artifact),
  documents: list(record<StoredDocument>({ name: fileName, bytes: count, sha256 })),
  fingerprint,
  warnings: list(text),
  changed: namedFiles,
  vanished: namedFiles,
  runId: orNull(text),
  codeVersion: orNull(text),
  snapshot: optional(record<SnapshotRef>({ repository: text, id: text })),
  reencryptedFrom: optional(record({ id: backupId, manifestSha256: sha256 })),
  sha256,
});

/** Gives a manifest its own hash. */
export function sealManifest(unsealed: UnsealedManifest): Manifest {
  return seal(unsealed);
}

/** The text of `manifest.json`: indented JSON, its own hash as the last field. */
export function serialiseManifest(sealed: Manifest): string {
  return sealedText(sealed);
}

/**
 * Reads a manifest. It is taken whole or refused: a field that is missing, unknown or of another form is
 * never guessed at.
 *
 * @param where the object's key, for messages
 * @throws `MANIFEST_INVALID` cut off, or not of the format's form
 * @throws `MANIFEST_ALTERED` its text does not match its own hash
 * @throws `MANIFEST_NEWER` written by a later version
 */
export function parseManifest(content: string, where: string): Manifest {
  const opened = openSealed(
    {
      what: 'manifest',
      format: MANIFEST_FORMAT,
      version: MANIFEST_VERSION,
      codes: {
        invalid: 'MANIFEST_INVALID',
        altered: 'MANIFEST_ALTERED',
        newer: 'MANIFEST_NEWER',
      },
    },
    content,
    where,
  );
  try {
    return manifest(opened, 'manifest');
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new HoldfastError(
      'MANIFEST_INVALID',
      `The manifest ${where} is refused: ${error.message}.`,
      {
        hint: 'Use another copy of the backup.',
        retryable: false,
        context: { key: where },
      },
    );
  }
}
