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

/** The kinds of options of the ready-made flows of `@holdfast/backups`, and of what they are made of. */
export const BACKUPS_GROUPS = {
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
