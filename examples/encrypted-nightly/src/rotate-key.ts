import { latestBackup, reencrypt, verifyByRestore } from '@holdfast/backups';
import { flow, runContext, secret, task, type ObjectStore } from '@holdfast/core';

/** How a key is changed. */
export interface Rotation {
  /** Path of the identity that is given up. */
  readonly oldIdentity: string;
  /** Path of the identity that takes its place. */
  readonly newIdentity: string;
  /** Whom backups are readable for from now on. */
  readonly recipients: readonly string[];
}

/** A task, so that a run that is taken up after a crash goes on with the same backup. */
const findNewest = task(
  async (set: string) => {
    const store = runContext().resource<ObjectStore>('primary');
    const newest = await latestBackup(store, { set });
    if (newest === undefined) throw new Error(`There is no backup of ${set}.`);
    return { set, id: newest.manifest.id, store: 'primary' };
  },
  { name: 'findNewest' },
);

/**
 * Encrypts the newest backup for the new recipients, and proves that it can be restored with the new identity. The
 * old one is left to retention: nothing is lost if the new key turns out to be wrong.
 */
export const rotateKey = flow(
  async ({ oldIdentity, newIdentity, recipients }: Rotation) => {
    const backup = await findNewest('notes');
    const renewed = await reencrypt({
      backup,
      identities: [secret(`file:${oldIdentity}`)],
      encryption: { recipients },
    });
    const identities = [secret(`file:${newIdentity}`)];
    const proof = await verifyByRestore({ backup: renewed, identities });
    return { from: backup.id, to: renewed.id, reached: proof.reached };
  },
  { name: 'rotate-key', durable: true },
);
