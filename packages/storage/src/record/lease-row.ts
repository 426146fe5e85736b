import type { Lease } from '@holdfast/core';
import type { LeaseTable } from '../sql/tables.ts';

/** A row of the lease table as the lease it holds. */
export function leaseOf(row: LeaseTable): Lease {
  return {
    rootId: row.root_id as Lease['rootId'],
    holder: row.holder,
    epoch: row.epoch,
    expiresAt: row.expires_at,
  };
}
