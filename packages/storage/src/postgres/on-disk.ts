import { sql } from 'kysely';
import type { Transaction } from 'kysely';
import type { Tables } from '../sql/tables.ts';

/** Makes a transaction's commit wait for the disk, also where the server's own setting would not. */
export async function onDisk(transaction: Transaction<Tables>): Promise<void> {
  await sql`select set_config('synchronous_commit', 'on', true)
    where current_setting('synchronous_commit') = 'off'`.execute(transaction);
}

/** Lets it not wait: what it does need not outlive the server's machine. */
export async function offDisk(transaction: Transaction<Tables>): Promise<void> {
  await sql`select set_config('synchronous_commit', 'off', true)`.execute(transaction);
}
