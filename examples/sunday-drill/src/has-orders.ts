import { DatabaseSync } from 'node:sqlite';
import type { RestoredCopy } from '@holdfast/backups';

/** Asks a restored copy whether it is a shop's at all: the wrong database restores well, too. */
export function hasOrders({ path }: RestoredCopy): boolean {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return Number(db.prepare('SELECT count(*) AS n FROM orders').get()?.['n']) > 0;
  } finally {
    db.close();
  }
}
