import { type ObjectStore, runContext, task } from '@holdfast/core';
import { lastStoredBytes } from '../catalog/last-stored.ts';
import type { EncryptionOptions } from '../encryption/recipient.ts';
import type { Backup } from '../model/backup.ts';
import { createBackup } from '../publish/create-backup.ts';
import type { CommandSpec } from '../sources/command/spec.ts';
import type { FilesSpec } from '../sources/files/spec.ts';
import type { MysqlSpec } from '../sources/mysql/spec.ts';
import type { RedisSpec } from '../sources/redis/spec.ts';
import type { PostgresSpec } from '../sources/postgres/spec.ts';
import type { SourceSpec } from '../sources/source.ts';
import type { SqliteSpec } from '../sources/sqlite/spec.ts';
import { storeNamed, surroundings } from './surroundings.ts';
import { tellingAttempts } from './telling-attempts.ts';

/** What a dump task is told. */
export interface DumpInput<S extends SourceSpec = SourceSpec> {
  readonly source: S;
  /** Name of the object store among the engine's resources. */
  readonly store: string;
  /** The backup set. Default: the source's name. */
  readonly set?: string;
  /** Where scratch directories are made. Default: `holdfast-<uid>` in the system's directory for temporary files. */
  readonly scratchRoot?: string;
  /** Encrypts every artifact. Default: they are stored as anybody can read them who can read the store. */
  readonly encryption?: EncryptionOptions;
  /** How fast artifacts are stored, in bytes a second after compression. Default: as fast as can be. */
  readonly bandwidth?: number;
}

const POLICY = {
  runName: ({ source }: DumpInput) => `dump ${source.name}`,
  retries: { limit: 3, delay: '10s', backoff: 'exponential', maxDelay: '5m', jitter: true },
  timeout: '6h',
} as const;

/** The size of the last backup, for the progress alone: nothing fails because it cannot be told. */
async function expectedBytes({ source, store, set = source.name }: DumpInput) {
  const context = runContext();
  const primary = context.resource<ObjectStore>(store);
  try {
    return await lastStoredBytes(primary, set, context.signal);
  } catch {
    context.signal.throwIfAborted();
    return undefined;
  }
}

function dump(input: DumpInput): Promise<Backup> {
  return tellingAttempts(POLICY.retries.limit, () => dumpOnce(input));
}

async function dumpOnce(input: DumpInput): Promise<Backup> {
  const context = runContext();
  const { source, set, encryption, bandwidth } = input;
  const total = await expectedBytes(input);
  return createBackup({
    ...surroundings(input.scratchRoot),
    source,
    store: storeNamed(input.store, total),
    storeName: input.store,
    ...(set === undefined ? {} : { set }),
    ...(encryption === undefined ? {} : { encryption }),
    ...(bandwidth === undefined ? {} : { bandwidth }),
    runId: context.rootRunId,
    beforePublish: () => context.assertLease(),
  });
}

/**
 * Dumps a SQLite database into an object store. Three retries, 6 hours an attempt; what cannot be helped
 * by trying again (a missing or damaged source, a full store) is not retried.
 *
 * @throws see {@link createBackup}
 */
export const dumpSqlite = task((input: DumpInput<SqliteSpec>): Promise<Backup> => dump(input), {
  ...POLICY,
  name: 'dumpSqlite',
  description: 'Dumps a SQLite database, live or not, into an object store.',
  tags: ['backup', 'dump'],
});

/**
 * Dumps databases of a PostgreSQL server, live, into an object store. Policy and errors as of {@link dumpSqlite}.
 *
 * @throws `SOURCE_LOGIN_REFUSED`, `SOURCE_UNREACHABLE`, `SOURCE_UNREADABLE`, `SOURCE_BUSY`, `TOOL_TOO_OLD`
 */
export const dumpPostgres = task((input: DumpInput<PostgresSpec>): Promise<Backup> => dump(input), {
  ...POLICY,
  name: 'dumpPostgres',
  description: 'Dumps databases of a PostgreSQL server, live, into an object store.',
  tags: ['backup', 'dump'],
});

/** Archives a file tree into an object store. Policy and errors as of {@link dumpSqlite}. */
export const snapshotFiles = task((input: DumpInput<FilesSpec>): Promise<Backup> => dump(input), {
  ...POLICY,
  name: 'snapshotFiles',
  description: 'Archives a file tree into an object store.',
  tags: ['backup', 'dump'],
});

/**
 * Dumps a database of a MariaDB or MySQL server. Policy as of {@link dumpSqlite}.
 *
 * @throws see {@link createBackup}; `SOURCE_UNREACHABLE`, `SOURCE_LOGIN_REFUSED`, `SOURCE_FAILED`, `DUMP_INCOMPLETE`
 */
export const dumpMysql = task((input: DumpInput<MysqlSpec>): Promise<Backup> => dump(input), {
  ...POLICY,
  name: 'dumpMysql',
  description: 'Dumps a MariaDB or MySQL database into an object store.',
  tags: ['backup', 'dump'],
});

/**
 * Dumps a Redis server over the wire, as an RDB file that is checked. Policy as of {@link dumpSqlite}.
 *
 * @throws see {@link createBackup}; `SOURCE_UNREACHABLE`, `SOURCE_LOGIN_REFUSED`, `DUMP_CORRUPT_SOURCE`
 */
export const dumpRedis = task((input: DumpInput<RedisSpec>): Promise<Backup> => dump(input), {
  ...POLICY,
  name: 'dumpRedis',
  description: 'Dumps a Redis server into an object store.',
  tags: ['backup', 'dump'],
});

/**
 * Stores what a program prints to stdout. Policy as of {@link dumpSqlite}: a program that fails is tried again.
 *
 * @throws see {@link createBackup}; `TOOL_FAILED`, `TOOL_MISSING` … the program did not end well, or is not there
 * @throws `DUMP_INCOMPLETE` it ended well, and what it printed is too short or lacks its footer
 */
export const dumpCommand = task((input: DumpInput<CommandSpec>): Promise<Backup> => dump(input), {
  ...POLICY,
  name: 'dumpCommand',
  description: 'Stores what a program prints in an object store.',
  tags: ['backup', 'dump'],
});

/**
 * Dumps a source of any kind: a built-in one, or one that the engine was given as the resource
 * `source:<kind>`. Policy and errors as of {@link dumpSqlite}.
 *
 * @throws `RESOURCE_UNKNOWN` there is no such resource
 */
export const dumpSource = task((input: DumpInput): Promise<Backup> => dump(input), {
  ...POLICY,
  name: 'dumpSource',
  description: 'Dumps a source of any kind into an object store.',
  tags: ['backup', 'dump'],
});
