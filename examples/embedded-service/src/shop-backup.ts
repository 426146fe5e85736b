import { dumpSqlite, notify, type SqliteSpec, verifyByRestore } from '@holdfast/backups';
import { flow } from '@holdfast/core';

/** Dumps and proves a database, then tells people. That the message fails does not fail the backup. */
export const shopBackup = flow(
  async (source: SqliteSpec) => {
    const backup = await dumpSqlite({ source, store: 'primary' });
    const proof = await verifyByRestore({ backup });
    const told = await notify
      .submit({ notifier: 'people', set: backup.set, what: 'proven', stores: ['primary'] })
      .outcome();
    return { backup: backup.id, reached: proof.reached, told: told.ok };
  },
  { name: 'shop-backup', durable: true },
);
