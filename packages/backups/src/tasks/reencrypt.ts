import { type ObjectStore, runContext, task } from '@holdfast/core';
import { reencryptBackup } from '../archive/reencrypt-backup.ts';
import type { BackupRef } from '../catalog/load-manifest.ts';
import type { IdentityOption } from '../encryption/keyring.ts';
import type { EncryptionOptions } from '../encryption/recipient.ts';
import type { Backup } from '../model/backup.ts';
import { storeNamed } from './surroundings.ts';

/** What the task is told that encrypts a backup anew. */
export interface ReencryptInput {
  /** As a dump task gave it; or by its names. */
  readonly backup: BackupRef & { readonly store: string };
  /** Name of the store that the new one goes to. Default: the one of the old. */
  readonly to?: string;
  /** What the old one is read with. */
  readonly identities: readonly IdentityOption[];
  /** Whom the new one is for. */
  readonly encryption: EncryptionOptions;
}

/**
 * Encrypts an encrypted backup for other recipients, as a new backup of the same set. Three retries.
 *
 * @throws see {@link reencryptBackup}
 */
export const reencrypt = task(
  ({ backup, to = backup.store, identities, encryption }: ReencryptInput): Promise<Backup> => {
    const context = runContext();
    return reencryptBackup({
      signal: context.signal,
      secret: (secret) => context.secret(secret),
      backup,
      from: context.resource<ObjectStore>(backup.store),
      to: storeNamed(to),
      toName: to,
      identities,
      encryption,
      beforePublish: () => context.assertLease(),
    });
  },
  {
    name: 'reencrypt',
    description: 'Encrypts a backup for other recipients.',
    runName: ({ backup }: ReencryptInput) => `reencrypt ${backup.set}`,
    retries: { limit: 3, delay: '10s', backoff: 'exponential', maxDelay: '5m', jitter: true },
    timeout: '12h',
    tags: ['backup', 'archive'],
  },
);
