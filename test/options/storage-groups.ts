import type { OptionGroup } from './option-group.ts';

const STORAGE = 'packages/storage/src';

/** A kind that one function of the package takes as its argument `options`. */
function takenBy(
  call: string,
  title: string,
  file: string,
  declared: OptionGroup['declared'][number],
): OptionGroup {
  const name = call.slice(0, call.indexOf('('));
  return {
    title,
    taken: `Taken by \`${call}\`.`,
    declared: [{ file: `${STORAGE}/${declared.file}`, names: declared.names }],
    read: {
      file: `${STORAGE}/${file}`,
      head: new RegExp(`export (?:async )?function ${name}\\([^]*?\\): [\\w<>]+ \\{`),
      variable: 'options',
    },
  };
}

/** Every kind of options of the stores of `@holdfast/storage`, and of their layers. */
export const STORAGE_GROUPS = {
  sqliteStore: takenBy(
    'sqliteRunStore(path, options)',
    'Run stores in a SQLite file',
    'sqlite/sqlite-run-store.ts',
    { file: 'sqlite/sqlite-run-store.ts', names: ['SqliteRunStoreOptions'] },
  ),
  postgresStore: takenBy(
    'postgresRunStore(options)',
    'Run stores in PostgreSQL',
    'postgres/postgres-run-store.ts',
    { file: 'postgres/options.ts', names: ['PostgresRunStoreOptions'] },
  ),
  localStore: takenBy(
    'localObjectStore(directory, options)',
    'Object stores on disk',
    'local/local-object-store.ts',
    { file: 'local/local-object-store.ts', names: ['LocalObjectStoreOptions'] },
  ),
  s3Store: takenBy(
    's3ObjectStore(options)',
    'Object stores in Amazon S3, and in services that speak its protocol',
    's3/s3-object-store.ts',
    { file: 's3/options.ts', names: ['S3ObjectStoreOptions'] },
  ),
  azureStore: takenBy(
    'azureObjectStore(options)',
    'Object stores in Azure Blob Storage',
    'azure/azure-object-store.ts',
    { file: 'azure/options.ts', names: ['AzureObjectStoreOptions'] },
  ),
  sftpStore: takenBy(
    'sftpObjectStore(options)',
    'Object stores on SFTP servers',
    'sftp/sftp-object-store.ts',
    { file: 'sftp/options.ts', names: ['SftpObjectStoreOptions'] },
  ),
  openStore: takenBy(
    'openObjectStore(url, options)',
    'Opening an object store by its URL',
    'open/open-object-store.ts',
    { file: 'open/open-object-store.ts', names: ['OpenObjectStoreOptions'] },
  ),
  withRetries: takenBy(
    'withRetries(store, options)',
    'Object stores that try again',
    'layers/retries.ts',
    { file: 'layers/retrier.ts', names: ['RetryLayerOptions'] },
  ),
  withTimeouts: takenBy(
    'withTimeouts(store, options)',
    'Object stores whose calls are bounded in time',
    'layers/timeouts.ts',
    { file: 'layers/timeouts.ts', names: ['TimeoutLayerOptions'] },
  ),
  withConcurrency: takenBy(
    'withConcurrency(store, options)',
    'Object stores with few calls at once',
    'layers/concurrency.ts',
    { file: 'layers/concurrency.ts', names: ['ConcurrencyLayerOptions'] },
  ),
  withBandwidth: takenBy(
    'withBandwidth(store, options)',
    'Object stores that are slowed down',
    'layers/bandwidth.ts',
    { file: 'layers/bandwidth.ts', names: ['BandwidthLayerOptions'] },
  ),
  withChecksums: takenBy(
    'withChecksums(store, options)',
    'Object stores that compare checksums',
    'layers/checksums.ts',
    { file: 'layers/checksums.ts', names: ['ChecksumLayerOptions'] },
  ),
  withMetrics: takenBy(
    'withMetrics(store, observe, options)',
    'Object stores that tell of their calls',
    'layers/metrics.ts',
    { file: 'layers/metrics.ts', names: ['MetricsLayerOptions'] },
  ),
} as const satisfies { readonly [group: string]: OptionGroup };
