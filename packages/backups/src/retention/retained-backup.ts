import type { CatalogEntry } from '../catalog/list-backups.ts';
import { plainBytesOf } from '../model/manifest.ts';
import type { VerificationLevel } from '../model/verification.ts';

/** What retention must know of a backup. */
export interface RetainedBackup {
  readonly id: string;
  readonly set: string;
  /** When it was dumped, ISO 8601. */
  readonly startedAt: string;
  /** Size as the source gave it. */
  readonly bytes: number;
  /** What is proven of it; null when nothing is. */
  readonly level: VerificationLevel | null;
  /** Whether its latest verification failed. */
  readonly failed: boolean;
  /** What would be incomplete without it, in words: a recovery point. It is kept then. Default: nothing. */
  readonly neededBy?: readonly string[];
}

/** What a catalog says of a backup, for retention. */
export function retainedBackup({ manifest, proof }: CatalogEntry): RetainedBackup {
  return {
    id: manifest.id,
    set: manifest.set,
    startedAt: manifest.startedAt,
    bytes: plainBytesOf(manifest),
    level: proof.level,
    failed: proof.failedAt !== undefined,
  };
}
