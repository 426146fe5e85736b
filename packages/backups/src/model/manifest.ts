import type { JsonValue } from '@holdfast/core';
import type { Fingerprint } from './fingerprint.ts';

/** Names the format, in every manifest of every version. */
export const MANIFEST_FORMAT = 'holdfast-backup';
/** The version that this package writes, and the newest it reads. */
export const MANIFEST_VERSION = 1;

/** A layer around an artifact's bytes. The artifact's name ends with them, the outermost last. */
export type Layer = 'zstd' | 'age';

/** A file of a backup that stands for itself: SHA256SUMS and RESTORE.md. */
export interface StoredDocument {
  readonly name: string;
  readonly bytes: number;
  /** Hex SHA-256. */
  readonly sha256: string;
}

/** One stored file with data of the source. */
export interface Artifact {
  /** File name within the backup's folder, its layers as suffixes. */
  readonly name: string;
  /** Name under its source: what the dump called it. */
  readonly plainName: string;
  /** Innermost first. */
  readonly layers: readonly Layer[];
  /**
   * Whom the layer `age` was made for: public keys, or 'passphrase'. Absent without that layer.
   */
  readonly recipients?: readonly string[];
  readonly plainBytes: number;
  /**
   * Hex SHA-256 of the bytes as the source gave them. Absent where the zstd program compressed them: the
   * checksum in its frame stands for it, and `storedSha256` for the frame.
   */
  readonly plainSha256?: string;
  readonly storedBytes: number;
  /** Hex SHA-256 of the object's bytes. */
  readonly storedSha256: string;
}

/** Names of files that a warning is about: how many in all, and the first 1,000. */
export interface NamedFiles {
  readonly count: number;
  readonly names: readonly string[];
}

/** A snapshot in a repository of restic. */
export interface SnapshotRef {
  /** As restic's `--repo` takes it, without credentials. */
  readonly repository: string;
  /** Restic's name of it. */
  readonly id: string;
}

/** What was backed up: its kind, its name, and where it was, without secrets. */
export interface SourceIdentity {
  readonly kind: string;
  readonly name: string;
  /** Path, host, database: whatever tells a person which one it was. Never a credential. */
  readonly identity: { readonly [field: string]: JsonValue };
}

/** A program that took part, with its version. */
export interface ToolVersion {
  readonly name: string;
  readonly version: string;
}

/**
 * What is known of a backup. Stored as `manifest.json`, after everything else: as long as it is not
 * there, there is no backup.
 */
export interface Manifest {
  readonly format: typeof MANIFEST_FORMAT;
  readonly version: typeof MANIFEST_VERSION;
  readonly id: string;
  readonly set: string;
  readonly source: SourceIdentity;
  readonly tools: readonly ToolVersion[];
  /** ISO 8601 in UTC, with milliseconds. */
  readonly startedAt: string;
  /** ISO 8601 in UTC, with milliseconds. */
  readonly endedAt: string;
  readonly artifacts: readonly Artifact[];
  readonly documents: readonly StoredDocument[];
  readonly fingerprint: Fingerprint;
  /** What the dump found that is no error, in sentences that name what they are about. */
  readonly warnings: readonly string[];
  /** Files that changed while they were read: what is stored of them may be neither old nor new. */
  readonly changed: NamedFiles;
  /** Files that were there at first and gone when their turn came: they are not in the backup. */
  readonly vanished: NamedFiles;
  /** The flow run that made it; null when made outside an engine. */
  readonly runId: string | null;
  /** The host's version of its own code; null when it gave none. */
  readonly codeVersion: string | null;
  /** Of which backup this is the same content, encrypted for others. Absent where it was dumped as it is. */
  readonly reencryptedFrom?: { readonly id: string; readonly manifestSha256: string };
  /** Where its data is, if it is no artifact of this folder: then there are none. */
  readonly snapshot?: SnapshotRef;
  /** Hex SHA-256 over the file's text without this field: in the order and form in which it was written. */
  readonly sha256: string;
}

/** Whom the artifacts of a backup are encrypted for, each once. Empty: it is not encrypted. */
export function recipientsOf({ artifacts }: Pick<Manifest, 'artifacts'>): readonly string[] {
  return [...new Set(artifacts.flatMap(({ recipients = [] }) => recipients))];
}

/** Size of a backup as its source gave it, in bytes. */
export function plainBytesOf({
  artifacts,
  fingerprint,
  snapshot,
}: Pick<Manifest, 'artifacts' | 'fingerprint' | 'snapshot'>): number {
  if (snapshot !== undefined && fingerprint.kind === 'stream') return fingerprint.bytes;
  return artifacts.reduce((sum, { plainBytes }) => sum + plainBytes, 0);
}

/** A manifest that was not yet given its own hash. */
export type UnsealedManifest = Omit<Manifest, 'sha256'>;
