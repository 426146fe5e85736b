import type { Lease } from '@holdfast/core';
import type { LeaseTable } from '../sql/tables.ts';

/** A row of the lease table as the lease it holds. */
export function leaseOf(
  row: Omit<LeaseTable, 'cancel_reason' | 'ended_at' | 'queue' | 'due_at'>,
): Lease {
  return {
    rootId: row.root_id as Lease['rootId'],
    ...(row.run_id === row.root_id ? {} : { runId: row.run_id as Lease['rootId'] }),
    holder: row.holder,
    epoch: row.epoch,
    expiresAt: row.expires_at,
  };
}
