import type { TableRows } from '../../model/fingerprint.ts';
import type { Artifact } from '../../model/manifest.ts';
import { shellQuote } from '../../publish/shell-quote.ts';
import { openedFile } from '../opened-file.ts';
import type { DumpFacts, RestoreGuide } from '../source.ts';
import type { SqliteSpec } from './spec.ts';

function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** One query a table: 'ok' or what is wrong. A table name may hold anything; a null byte it cannot. */
function countQuery(table: string, rows: number): string {
  const name = `"${table.replaceAll('"', '""')}"`;
  return (
    `SELECT CASE WHEN count(*) = ${rows} THEN 'ok' ELSE 'WRONG: ' || count(*) || ' rows instead of ${rows}' END` +
    ` || ' ' || ${sqlText(table)} FROM ${name};`
  );
}

/** A name with a line break could end the shell's here-document. */
function fitsOneLine({ table }: TableRows): boolean {
  return !/[\r\n]/.test(table);
}

/** The commands that bring a SQLite backup back with zstd and sqlite3 alone. */
export function sqliteGuide(
  spec: SqliteSpec,
  facts: DumpFacts,
  artifacts: readonly Artifact[],
): RestoreGuide {
  const [artifact] = artifacts;
  const stored = openedFile(artifact ?? { name: '', layers: [] });
  const restored = shellQuote(`restored/${spec.name}.sqlite`);
  const { fingerprint } = facts;
  const tables = fingerprint.kind === 'database' ? fingerprint.tables.filter(fitsOneLine) : [];
  const queries = [
    'PRAGMA integrity_check;',
    'PRAGMA foreign_key_check;',
    ...tables.map(({ table, rows }) => countQuery(table, rows)),
  ];
  return {
    programs: ['sha256sum', 'zstd', 'sqlite3'],
    summary:
      `The database of ${spec.path}, restored to restored/${spec.name}.sqlite below this folder. ` +
      `The check prints 'ok' once for the file and once for every table; anything else is a fault. ` +
      'To put it in service, stop what uses the old database, move the old file away together with its ' +
      '-wal and -shm files, and move the restored file there.',
    commands: [
      'mkdir restored',
      `zstd -d -q ${stored} -o ${restored}`,
      `sqlite3 -batch ${restored} <<'END_OF_CHECKS'\n${queries.join('\n')}\nEND_OF_CHECKS`,
    ],
  };
}
