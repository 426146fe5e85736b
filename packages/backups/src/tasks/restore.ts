import { task } from '@holdfast/core';
import type { IdentityOption } from '../encryption/keyring.ts';
import {
  type Restored,
  restoreFromStore,
  type WhichBackup,
} from '../restore/restore-from-store.ts';
import type { ServerTarget } from '../sources/servers/server-source.ts';
import { storeNamed, surroundings } from './surroundings.ts';

/** What the restore task is told: a backup, or the newest of a set (before a time, exclusive). */
export type RestoreInput = WhichBackup & {
  /** Name of the store that is read. */
  readonly from: string;
  /** Where to: a path; for a database server's backup a server, with the database's name there. */
  readonly to: string | ServerTarget;
  /** Move aside what stands there, instead of refusing. Default false. */
  readonly overwrite?: boolean;
  /** For database servers: these tables alone, named as in the manifest. Default: everything. */
  readonly tables?: readonly string[];
  /** For file trees: these alone, by patterns as of `exclude`. Default: everything. */
  readonly only?: readonly string[];
  /** Where scratch directories are made. Default: `holdfast` in the system's directory for temporary files. */
  readonly scratchRoot?: string;
  /** What an encrypted backup is read with. */
  readonly identities?: readonly IdentityOption[];
};

/**
 * Restores a backup. Two retries for what is not the backup's fault.
 *
 * @throws see {@link restoreFromStore}
 */
export const restoreBackup = task(
  ({ from, scratchRoot, ...rest }: RestoreInput): Promise<Restored> =>
    restoreFromStore({ ...surroundings(scratchRoot), ...rest, store: storeNamed(from) }),
  {
    name: 'restoreBackup',
    runName: ({ to }: RestoreInput) =>
      `restore to ${typeof to === 'string' ? to : `${to.host}/${to.database ?? ''}`}`,
    description: 'Restores a backup to a path, or into a database server.',
    retries: { limit: 2, delay: '10s', backoff: 'exponential', jitter: true },
    timeout: '12h',
    tags: ['backup', 'restore'],
  },
);
