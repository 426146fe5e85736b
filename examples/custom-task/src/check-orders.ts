import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { restoreFromStore, type Backup } from '@holdfast/backups';
import { durationMs, HoldfastError, runContext, task, type ObjectStore } from '@holdfast/core';

/** What the backup holds of the shop's orders. */
export interface Orders {
  readonly count: number;
  /** When the newest was placed, ISO 8601. */
  readonly newest: string;
}

function ordersIn(database: string): { count: number; newest: number } {
  const db = new DatabaseSync(database, { readOnly: true });
  try {
    const row = db.prepare('SELECT count(*) AS count, max(placed_at) AS newest FROM orders').get();
    return { count: Number(row?.['count']), newest: Number(row?.['newest'] ?? 0) };
  } finally {
    db.close();
  }
}

/**
 * Restores a backup of the shop into a directory of its own, and looks whether its newest order is as recent as
 * it should be: a dump of the wrong database restores well, too.
 */
export const checkOrders = task(
  async (backup: Backup, maxAge: string): Promise<Orders> => {
    const context = runContext();
    const directory = await mkdtemp(join(tmpdir(), 'shop-orders-'));
    try {
      const to = join(directory, 'shop.sqlite');
      const store = context.resource<ObjectStore>(backup.store);
      await restoreFromStore({ backup, store, to, signal: context.signal });
      const { count, newest } = ordersIn(to);
      if (Date.parse(backup.startedAt) - newest <= durationMs(maxAge)) {
        return { count, newest: new Date(newest).toISOString() };
      }
      throw new HoldfastError('ORDERS_STALE', `The newest of ${count} orders is too old.`, {
        hint: 'Is it the right database? Does the shop still write to it?',
        retryable: false,
      });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
  { name: 'checkOrders', retries: 2, timeout: '1h' },
);
