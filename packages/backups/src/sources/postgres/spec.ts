import { type Duration, durationMs, HoldfastError, type Secret } from '@holdfast/core';
import { checkName } from '../../model/names.ts';
import type { ServerAddress, ServerTarget } from '../servers/server-source.ts';

/** How a connection to PostgreSQL is encrypted: libpq's `sslmode`. */
export interface PostgresTls {
  readonly mode: 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';
  /** Path of the certificates that the server's is checked against, in PEM. */
  readonly rootCert?: string;
}

/** A PostgreSQL server, and how it is reached. */
export interface PostgresAddress extends ServerAddress {
  readonly tls?: PostgresTls;
  /** Directory of psql, pg_dump and the others. Absent: Debian's and other usual places, then PATH. */
  readonly programs?: string;
}

/** Databases of a PostgreSQL server. */
export interface PostgresSpec extends PostgresAddress {
  readonly kind: 'postgres';
  readonly name: string;
  /** Names, or every database that takes connections and is no template. */
  readonly databases: readonly string[] | 'all';
  /** What is dumped of the roles and tablespaces, which belong to the whole server. */
  readonly globals: 'none' | 'without-passwords' | 'with-passwords';
  /** How long a lock on a table is waited for, in milliseconds. */
  readonly lockWait: number;
  /** How many processes dump one database at once. With 1 nothing of it lies on a disk of this machine. */
  readonly jobs: number;
  /** How much of each database is hashed, in bytes on the server's disk. */
  readonly hashUpTo: number;
}

/** A PostgreSQL server that backups are restored into. */
export interface PostgresTarget extends PostgresAddress, ServerTarget {
  readonly kind: 'postgres';
  /** Which database of the backup is restored. Needed where the backup has several. */
  readonly from?: string;
  /**
   * 'keep': objects belong to whom they belonged, with the rights that were granted; these roles must be there.
   * 'ignore': they belong to who restores, and nothing is granted.
   */
  readonly roles: 'keep' | 'ignore';
  /** A database to connect to while others are made and renamed. */
  readonly maintenance: string;
}

const DEFAULT_PORT = 5432;
const DEFAULT_LOCK_WAIT = '1m';

/** How a server is named in options. */
export interface PostgresAddressOptions {
  /** A host, or the absolute path of a socket's directory. Default 'localhost'. */
  readonly host?: string;
  /** Default 5432. */
  readonly port?: number;
  /** As whom to connect. */
  readonly user: string;
  /** Where the password is found. Default: none is sent, unless the user's own ~/.pgpass has one. */
  readonly password?: Secret;
  /** Default: libpq's 'prefer', which takes what the server offers and checks nothing. */
  readonly tls?: PostgresTls;
  /** Directory of psql, pg_dump and the others. Default: the newest fitting ones in Debian's and other usual places, and PATH. */
  readonly programs?: string;
}

function invalid(name: string, why: string): HoldfastError {
  return new HoldfastError('OPTIONS_INVALID', `The PostgreSQL ${name} ${why}.`, {
    hint: 'See the options of postgresSource and postgresTarget.',
    retryable: false,
    context: { name },
  });
}

/** libpq passes these in one text or environment variable, where a NUL ends them. */
function checkText(name: string, what: string, text: string): string {
  if (text !== '' && !text.includes('\0')) return text;
  throw invalid(name, `has ${what} that is empty or holds a NUL`);
}

function addressOf(name: string, options: PostgresAddressOptions): PostgresAddress {
  const { host = 'localhost', port = DEFAULT_PORT, user, password, tls, programs } = options;
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw invalid(name, 'has no valid port');
  return {
    host: checkText(name, 'a host', host),
    port,
    user: checkText(name, 'a user', user),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
    ...(programs === undefined ? {} : { programs }),
  };
}

function databasesOf(
  name: string,
  databases: string | readonly string[],
): readonly string[] | 'all' {
  if (databases === 'all') return databases;
  const given = typeof databases === 'string' ? [databases] : databases;
  for (const database of given) {
    checkText(name, 'a database', database);
    if (/^template[01]$/.test(database))
      throw invalid(name, `names ${database}, which is a template`);
  }
  if (given.length > 0 && new Set(given).size === given.length) return [...given];
  throw invalid(name, 'names no database, or one twice');
}

/** How PostgreSQL databases are described. */
export interface PostgresSourceOptions extends PostgresAddressOptions {
  /** Names the backup set and the artifacts. */
  readonly name: string;
  /** One database, several, or 'all' that take connections and are no templates. */
  readonly databases: string | readonly string[];
  /**
   * What is dumped of roles and tablespaces. Default 'without-passwords': a backup then holds no hash of a
   * password, and logins get new ones after a disaster. 'with-passwords' needs a superuser. 'none' for servers that
   * keep roles to themselves.
   */
  readonly globals?: PostgresSpec['globals'];
  /** How long a lock on a table is waited for, by which an ALTER TABLE under way holds a dump up. Default '1m'. */
  readonly lockWait?: Duration;
  /**
   * How many processes dump one database at once, for big ones. From 2 on the dump is of the directory format, is
   * written to the scratch directory first, which needs room for it, and is stored as a tar. Default 1: it passes
   * through, and needs no room. At most 64.
   */
  readonly jobs?: number;
  /**
   * How much of each database is hashed row by row, in the dump's snapshot, in bytes on the server's disk: from the smallest
   * table up, and large objects last. A count finds rows that are lost, and no value that is another. Hashing runs beside
   * the dump, and takes the server longer than reading those tables for it does; hence the limit. Default 1 GiB; what is
   * beyond it is counted alone. `Infinity`: everything; 0: nothing.
   */
  readonly hashUpTo?: number;
}

/** The most processes that dump at once. */
const MOST_JOBS = 64;

function checkJobs(name: string, jobs: number): number {
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= MOST_JOBS) return jobs;
  throw invalid(name, `has jobs that are no whole number from 1 to ${MOST_JOBS}`);
}

const DEFAULT_HASHED = 1024 ** 3;

function checkHashed(name: string, bytes: number): number {
  // Plain data: it is stored with a run, in JSON.
  if (bytes === Infinity) return Number.MAX_SAFE_INTEGER;
  if (Number.isSafeInteger(bytes) && bytes >= 0) return bytes;
  throw invalid(name, 'has a hashUpTo that is no whole number of bytes');
}

/**
 * Describes databases of a PostgreSQL server. They may be live: each is dumped from one snapshot, in which its
 * rows are counted, too. Different databases are dumped one after another, from snapshots of different moments.
 *
 * A database that is called 'all' is named in a list: `['all']`.
 *
 * @throws `BACKUP_NAME_INVALID`, `OPTIONS_INVALID`, `DURATION_INVALID`
 */
export function postgresSource(options: PostgresSourceOptions): PostgresSpec {
  const { name, databases, globals = 'without-passwords', lockWait = DEFAULT_LOCK_WAIT } = options;
  checkName('source', name);
  return {
    kind: 'postgres',
    name,
    ...addressOf(`source ${name}`, options),
    databases: databasesOf(`source ${name}`, databases),
    globals,
    lockWait: durationMs(lockWait, `lockWait of ${name}`),
    jobs: checkJobs(`source ${name}`, options.jobs ?? 1),
    hashUpTo: checkHashed(`source ${name}`, options.hashUpTo ?? DEFAULT_HASHED),
  };
}

/** How a server to restore into is described. */
export interface PostgresTargetOptions extends PostgresAddressOptions {
  /** What the restored database is called there. Default: as it was called. */
  readonly database?: string;
  /** Which database of the backup is restored. Default: the only one. */
  readonly from?: string;
  /** Whether owners and grants are restored. Default 'ignore'. */
  readonly roles?: PostgresTarget['roles'];
  /** A database to connect to while others are made and renamed. Default 'postgres'. */
  readonly maintenance?: string;
}

/**
 * Describes a PostgreSQL server that a backup is restored into, or that scratch copies are made on. The user
 * needs the right to create databases, and for databases with extensions often that of a superuser.
 *
 * @throws `OPTIONS_INVALID`
 */
export function postgresTarget(options: PostgresTargetOptions): PostgresTarget {
  const { database, from, roles = 'ignore', maintenance = 'postgres' } = options;
  return {
    kind: 'postgres',
    ...addressOf('target', options),
    ...(database === undefined ? {} : { database: checkText('target', 'a database', database) }),
    ...(from === undefined ? {} : { from }),
    roles,
    maintenance,
  };
}
