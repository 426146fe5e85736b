import type { DatabaseFingerprint } from '../../model/fingerprint.ts';
import type { Comparison, Difference } from '../source.ts';
import type { SqliteReport } from './protocol.ts';

/** The most differences that are reported. */
const MOST = 100;

function tableDifferences(expected: DatabaseFingerprint, found: SqliteReport): Difference[] {
  const rowsFound = new Map(found.tables.map(({ table, rows }) => [table, rows]));
  const missing = expected.tables
    .filter(({ table, rows }) => rowsFound.get(table) !== rows)
    .map(({ table, rows }) => {
      const restored = rowsFound.get(table);
      return {
        what: `table ${table}`,
        expected: `${rows} rows`,
        found: restored === undefined ? 'no such table' : `${restored} rows`,
      };
    });
  const known = new Set(expected.tables.map(({ table }) => table));
  const extra = found.tables
    .filter(({ table }) => !known.has(table))
    .map(({ table, rows }) => ({
      what: `table ${table}`,
      expected: 'no such table',
      found: `${rows} rows`,
    }));
  return [...missing, ...extra];
}

/** Compares what a restored database holds with what the source held. */
export function compareDatabases(expected: DatabaseFingerprint, found: SqliteReport): Comparison {
  const differences = found.integrity.map((line) => ({
    what: 'integrity_check',
    expected: 'ok',
    found: line,
  }));
  differences.push(...tableDifferences(expected, found));
  if (found.schemaSha256 !== expected.schemaSha256) {
    differences.push({
      what: 'schema',
      expected: expected.schemaSha256,
      found: found.schemaSha256,
    });
  }
  if (found.foreignKeyViolations !== expected.foreignKeyViolations) {
    differences.push({
      what: 'foreign_key_check',
      expected: `${expected.foreignKeyViolations} rows`,
      found: `${found.foreignKeyViolations} rows`,
    });
  }
  return {
    differences: differences.slice(0, MOST),
    tables: found.tables.length,
    rows: found.tables.reduce((sum, { rows }) => sum + rows, 0),
  };
}
