import type { ServerDatabase } from '../../model/fingerprint.ts';
import type { Artifact } from '../../model/manifest.ts';
import { shellQuote } from '../../publish/shell-quote.ts';
import { openedFile } from '../opened-file.ts';
import type { DumpFacts, RestoreGuide } from '../source.ts';
import { databaseFile, globalsName, isDirectoryDump } from './identity.ts';
import { databaseArgument, urlOf } from './login.ts';
import { quoteText } from './server.ts';
import type { PostgresSpec } from './spec.ts';

/** One query a table: 'ok' or what is wrong. */
function countQuery({ table, rows }: ServerDatabase['tables'][number]): string {
  return (
    `SELECT CASE WHEN count(*) = ${rows} THEN 'ok' ELSE 'WRONG: ' || count(*) || ' rows instead of ${rows}' END` +
    ` || ' ' || ${quoteText(table)} FROM ONLY ${table};`
  );
}

function checks(database: ServerDatabase): string {
  // A name with a line break could end the shell's here-document.
  const tables = database.tables.filter(({ table }) => !/[\r\n]/.test(table));
  return tables.map(countQuery).join('\n');
}

/** The database that a new server has already: its content goes to another. */
function restoredName(database: string): string {
  return database === 'postgres' ? 'postgres_restored' : database;
}

/** The archive as pg_restore takes it: a file, or a directory. */
function opened(
  artifact: Pick<Artifact, 'name' | 'layers' | 'plainName'>,
  archive: string,
): readonly string[] {
  if (!isDirectoryDump(artifact.plainName)) {
    return [`zstd -d -q ${openedFile(artifact)} -o ${archive}`];
  }
  const tar = shellQuote(`restored/${artifact.plainName}.unpacked.tar`);
  return [
    `zstd -d -q ${openedFile(artifact)} -o ${tar}`,
    `mkdir ${archive}`,
    `tar -xf ${tar} -C ${archive}`,
    `rm ${tar}`,
  ];
}

function databaseCommands(
  database: ServerDatabase,
  artifact: Pick<Artifact, 'name' | 'layers' | 'plainName'>,
): readonly string[] {
  const archive = shellQuote(`restored/${artifact.plainName}`);
  const name = restoredName(database.database);
  const isNew = name === database.database;
  const into = isNew
    ? ['--create --dbname=template1']
    : [`--dbname=${shellQuote(databaseArgument(name))}`];
  return [
    ...opened(artifact, archive),
    ...(isNew ? [] : [`createdb --template=template0 -- ${shellQuote(name)}`]),
    `pg_restore --exit-on-error ${into.join(' ')} ${archive}`,
    `psql -X -q -A -t -v ON_ERROR_STOP=1 --dbname=${shellQuote(databaseArgument(name))} <<'END_OF_CHECKS'\n` +
      `SET row_security = off;\n${checks(database)}\nEND_OF_CHECKS`,
  ];
}

/** The commands that bring databases back with zstd and PostgreSQL's own programs. */
export function postgresGuide(
  spec: PostgresSpec,
  { fingerprint }: DumpFacts,
  artifacts: readonly Artifact[],
): RestoreGuide {
  const databases = fingerprint.kind === 'server' ? fingerprint.databases : [];
  const named = (plainName: string): Artifact | undefined =>
    artifacts.find((artifact) => artifact.plainName === plainName);
  const roles = named(globalsName(spec.name));
  const sql = shellQuote(`restored/${globalsName(spec.name)}`);
  const names = databases.map(({ database }) => restoredName(database)).join(', ');
  return {
    programs: [
      'sha256sum',
      'zstd',
      ...(spec.jobs > 1 ? ['tar'] : []),
      'psql',
      'pg_restore',
      'createdb',
    ],
    summary:
      `The databases of ${urlOf(spec, '')}, restored as ${names} to the server that PGHOST, PGPORT, PGUSER and ` +
      'PGPASSWORD or ~/.pgpass name; it must have no databases of these names, and be of the same version or a later one. ' +
      (roles === undefined
        ? 'Roles were not dumped: make those that own objects first. '
        : "Roles come first: 'already exists' is said of those that are there, and of no harm. " +
          (spec.globals === 'with-passwords' ? '' : 'They have no passwords: set new ones. ')) +
      "The checks print 'ok' once for every table; anything else is a fault.",
    commands: [
      'mkdir restored',
      ...(roles === undefined
        ? []
        : [
            `zstd -d -q ${openedFile(roles)} -o ${sql}`,
            `psql -X -q --dbname=template1 --file=${sql}`,
          ]),
      ...databases.flatMap((database, index) => {
        const artifact = named(databaseFile(spec, index, databases.length));
        return artifact === undefined ? [] : databaseCommands(database, artifact);
      }),
    ],
  };
}
