import type { JsonValue } from '@holdfast/core';
import type { TableRows } from '../../model/fingerprint.ts';
import type { Artifact } from '../../model/manifest.ts';
import { shellQuote } from '../../publish/shell-quote.ts';
import { openedFile } from '../opened-file.ts';
import type { DumpFacts, RestoreGuide } from '../source.ts';
import { quoteName, quoteText } from './session.ts';
import { mysqlUrl, type MysqlSpec } from './spec.ts';

/** One query a table: 'ok' or what is wrong. */
function countQuery({ table, rows, most = rows }: TableRows): string {
  const instead = rows === most ? String(rows) : `${rows} to ${most}`;
  return (
    `SELECT CONCAT(IF(COUNT(*) BETWEEN ${rows} AND ${most}, 'ok', CONCAT('WRONG: ', COUNT(*), ` +
    `' rows instead of ${instead}')), ' ', ${quoteText(table)}) FROM ${quoteName(table)};`
  );
}

function word(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : 'DEFAULT';
}

/** The commands that bring a database back with zstd and the mariadb client alone. */
export function mysqlGuide(
  spec: MysqlSpec,
  facts: DumpFacts,
  artifacts: readonly Artifact[],
): RestoreGuide {
  const { database } = spec;
  const { fingerprint, identity = {} } = facts;
  const sql = shellQuote(`restored/${spec.name}.sql`);
  const into = shellQuote(`--database=${database}`);
  const client = 'mariadb --default-character-set=utf8mb4';
  const create = `CREATE DATABASE ${quoteName(database)} CHARACTER SET ${word(identity['charset'])} COLLATE ${word(identity['collation'])}`;
  const tables = fingerprint.kind === 'server' ? (fingerprint.databases[0]?.tables ?? []) : [];
  // A name with a line break could end the shell's here-document.
  const queries = tables.filter(({ table }) => !/[\r\n]/.test(table)).map(countQuery);
  const definers = Array.isArray(identity['definers']) ? identity['definers'].join(', ') : '';
  return {
    programs: ['sha256sum', 'zstd', 'mariadb'],
    summary:
      `The database of ${mysqlUrl(spec, database)}, restored under the same name to the server that ` +
      '[client] in ~/.my.cnf names; it must have none of that name. ' +
      'The programs of MySQL are called mysql, and do the same. ' +
      (definers === ''
        ? ''
        : `Accounts are not in it: make ${definers} first, or its views will fail. `) +
      "The checks print 'ok' once for every table; anything else is a fault.",
    commands: [
      'mkdir restored',
      `zstd -d -q ${openedFile(artifacts[0] ?? { name: '', layers: [] })} -o ${sql}`,
      `${client} --execute=${shellQuote(create)}`,
      `${client} --batch --binary-mode --max-allowed-packet=1G ${into} < ${sql}`,
      `${client} --batch --skip-column-names ${into} <<'END_OF_CHECKS'\n${queries.join('\n')}\nEND_OF_CHECKS`,
    ],
  };
}
