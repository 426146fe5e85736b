import { type Manifest, plainBytesOf } from './manifest.ts';
import { backupPath } from './layout.ts';

/** A backup that was published, as plain data: what tasks hand to each other. */
export interface Backup {
  readonly id: string;
  readonly set: string;
  /** Name under which its store was given. */
  readonly store: string;
  /** Its folder in the store, with a trailing slash. */
  readonly path: string;
  readonly source: { readonly kind: string; readonly name: string };
  /** Size of its artifacts as the source gave them, in bytes. */
  readonly plainBytes: number;
  /** Size of its artifacts in the store, in bytes. */
  readonly storedBytes: number;
  /** ISO 8601 in UTC. */
  readonly startedAt: string;
  /** ISO 8601 in UTC. */
  readonly endedAt: string;
  readonly warnings: readonly string[];
  /** The manifest's own hash: tells this backup from any other text under its name. */
  readonly manifestSha256: string;
}

/** What a manifest says of its backup, in short. */
export function backupOf(manifest: Manifest, store: string): Backup {
  return {
    id: manifest.id,
    set: manifest.set,
    store,
    path: backupPath(manifest.set, manifest.id),
    source: { kind: manifest.source.kind, name: manifest.source.name },
    plainBytes: plainBytesOf(manifest),
    storedBytes: manifest.artifacts.reduce((sum, artifact) => sum + artifact.storedBytes, 0),
    startedAt: manifest.startedAt,
    endedAt: manifest.endedAt,
    warnings: manifest.warnings,
    manifestSha256: manifest.sha256,
  };
}
