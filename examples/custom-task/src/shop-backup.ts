import { archiveBackup, dumpSqlite, sqliteSource, verifyByRestore } from '@holdfast/backups';
import { flow } from '@holdfast/core';
import { checkOrders } from './check-orders.ts';

/** Dumps the shop's database, proves the backup in two ways at once, and copies it only if both hold. */
export const shopBackup = flow(
  async (database: string) => {
    const source = sqliteSource({ name: 'shop', path: database });
    const backup = await dumpSqlite({ source, store: 'primary' });
    const [proof, orders] = await Promise.all([
      verifyByRestore({ backup }),
      checkOrders(backup, '1d'),
    ]);
    const copy = await archiveBackup(backup, 'vault');
    return { backup, proof, orders, copy };
  },
  { name: 'shop-backup', durable: true },
);
