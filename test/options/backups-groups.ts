import type { OptionGroup } from './option-group.ts';

const BACKUPS = 'packages/backups/src';

type Declared = OptionGroup['declared'];

function group(
  title: string,
  taken: string,
  declared: Declared,
  read: OptionGroup['read'],
): OptionGroup {
  const at = (file: string): string => `${BACKUPS}/${file}`;
  return {
    title,
    taken,
    declared: declared.map(({ file, names }) => ({ file: at(file), names })),
    read: { ...read, file: at(read.file) },
  };
}

const COMMON = { file: 'flows/flow-parts.ts', names: ['CommonFlowOptions'] };

/** A kind that one function, which describes something, takes as its argument `options`. */
function described(
  call: string,
  title: string,
  file: string,
  names: readonly string[],
): OptionGroup {
  const head = new RegExp(`export function ${call}\\([^]*?\\): [\\w<>]+ \\{`);
  return group(title, `Taken by \`${call}(options)\`.`, [{ file, names }], {
    file,
    head,
    variable: 'options',
  });
}

/** The kinds of options of the sources of `@holdfast/backups`, and of what they are made of. */
export const BACKUPS_GROUPS = {
  postgresSource: described(
    'postgresSource',
    'Databases of PostgreSQL',
    'sources/postgres/spec.ts',
    ['PostgresSourceOptions', 'PostgresAddressOptions'],
  ),
  postgresTarget: described(
    'postgresTarget',
    'PostgreSQL servers to restore into',
    'sources/postgres/spec.ts',
    ['PostgresTargetOptions', 'PostgresAddressOptions'],
  ),
  mysqlSource: described('mysqlSource', 'A database of MariaDB or MySQL', 'sources/mysql/spec.ts', [
    'MysqlOptions',
    'MysqlConnectOptions',
  ]),
  mysqlTarget: described(
    'mysqlTarget',
    'MariaDB and MySQL servers to restore into',
    'sources/mysql/spec.ts',
    ['MysqlTargetOptions', 'MysqlConnectOptions'],
  ),
  redisSource: described('redisSource', 'A Redis server', 'sources/redis/spec.ts', [
    'RedisOptions',
  ]),
  sqliteSource: described('sqliteSource', 'A SQLite database', 'sources/sqlite/spec.ts', [
    'SqliteOptions',
  ]),
  commandSource: described('commandSource', 'What a program prints', 'sources/command/spec.ts', [
    'CommandOptions',
  ]),
  commandKind: described(
    'commandKind',
    'Kinds of sources that programs dump, restore and count',
    'sources/command/command-kind.ts',
    ['CommandKindOptions'],
  ),
  nightly: group(
    'The nightly backup',
    'Taken by `nightlyBackup(options)`.',
    [{ file: 'flows/nightly-options.ts', names: ['NightlyOptions'] }, COMMON],
    {
      file: 'flows/nightly-backup.ts',
      head: /export function nightlyBackup\([^]*?\): Flow<report\.Nightly> \{/,
      variable: 'options',
    },
  ),
  archiveOld: group(
    'Archiving old backups',
    'Taken by `archiveOldBackups(options)`.',
    [{ file: 'flows/archive-old-backups.ts', names: ['ArchiveOldOptions'] }, COMMON],
    {
      file: 'flows/archive-old-backups.ts',
      head: /export function archiveOldBackups\([^]*?\): Flow<[^{]*> \{/,
      variable: 'options',
    },
  ),
  restoreDrill: group(
    'The restore drill',
    'Taken by `restoreDrill(options)`.',
    [{ file: 'flows/restore-drill.ts', names: ['DrillOptions'] }, COMMON],
    {
      file: 'flows/restore-drill.ts',
      head: /export function restoreDrill\([^]*?\): Flow<[^{]*> \{/,
      variable: 'options',
    },
  ),
  archiveCopies: group(
    'Copies in several stores',
    'Taken by the task `archiveCopies(input)`.',
    [{ file: 'tasks/archive-copies.ts', names: ['CopiesInput'] }],
    {
      file: 'tasks/archive-copies.ts',
      head: /async \(input: CopiesInput\): Promise<CopiesReport> => \{/,
      variable: 'input',
    },
  ),
  healthCheck: group(
    'The health check',
    'Taken by `healthCheck(options)`.',
    [{ file: 'flows/health-check.ts', names: ['HealthCheckOptions'] }],
    {
      file: 'flows/health-check.ts',
      head: /export function healthCheck\([^]*?\): Flow<[^{]*> \{/,
      variable: 'options',
    },
  ),
  healthLimits: group(
    'Limits of health',
    'Taken by `healthCheck({ limits })`, `checkHealth({ limits })` and `judgeSet(set, views, limits, now)`.',
    [{ file: 'health/limits.ts', names: ['HealthLimits'] }],
    {
      file: 'health/limits.ts',
      head: /export function checkLimits\([^]*?\): CheckedLimits \{/,
      variable: 'limits',
    },
  ),
  onChange: group(
    'Telling people on change',
    'Taken by the task `notifyOnChange(input)`.',
    [{ file: 'tasks/notify-on-change.ts', names: ['StandingInput'] }],
    {
      file: 'tasks/notify-on-change.ts',
      head: /async \(input: StandingInput\): Promise<Told> => \{/,
      variable: 'input',
    },
  ),
  search: group(
    'Finding backups',
    'Taken by `searchBackups(store, search)`.',
    [{ file: 'catalog/search-backups.ts', names: ['BackupSearch'] }],
    {
      file: 'catalog/search-backups.ts',
      head: /export async function searchBackups\([^]*?\): Promise<CatalogEntry\[\]> \{/,
      variable: 'search',
    },
  ),
} as const satisfies { readonly [group: string]: OptionGroup };
