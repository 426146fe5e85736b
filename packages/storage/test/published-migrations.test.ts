import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { tables } from '../src/postgres/migrations/0001-tables.ts';
import { RUNS } from '../src/sqlite/worker/migrations/0001-runs.ts';
import { BESIDE_RUNS } from '../src/sqlite/worker/migrations/0002-beside-runs.ts';
import { SCHEDULES_OF_RUNS } from '../src/sqlite/worker/migrations/0003-schedules-of-runs.ts';
import { LEAN_RUNS } from '../src/sqlite/worker/migrations/0004-lean-runs.ts';
import { QUEUES } from '../src/sqlite/worker/migrations/0005-queues.ts';
import { DASHBOARD_LISTS } from '../src/sqlite/worker/migrations/0006-dashboard-lists.ts';

/** The start of a hash of what a migration does to tables. Functions are left out: the latest migration replaces them. */
function digest(texts: readonly string[]): string {
  return createHash('sha256').update(texts.join(';\n')).digest('hex').slice(0, 16);
}

// Where one of these differs, undo the change and write the next migration: databases that had this one never have it again.
it.each([
  ['SQLite 0001', RUNS, '00ee8aa8b98a124d'],
  ['SQLite 0002', BESIDE_RUNS, 'ec4bbfe33dd54fb5'],
  ['SQLite 0003', SCHEDULES_OF_RUNS, '1f2dae8dafa6a289'],
  ['SQLite 0004', LEAN_RUNS, '88f797f1cd9e1e3f'],
  ['SQLite 0005', QUEUES, 'eb63f0d2ea3deae3'],
  ['SQLite 0006', DASHBOARD_LISTS, '19fa83318275a5f1'],
  ['PostgreSQL 0001', tables('s'), 'ecc0f1ec22d33dc8'],
] as const)('the published migration %s is what it was', (_, texts, published) => {
  expect(digest(texts)).toBe(published);
});
