import { isAbsolute } from 'node:path';
import { HoldfastError, isSecret, type Secret } from '@holdfast/core';
import { checkName } from '../../model/names.ts';
import type { ServerAddress, ServerTarget } from '../servers/server-source.ts';
import type { SourceSpec } from '../source.ts';

/** Where a MariaDB or MySQL server is, and how it is reached. */
export interface MysqlAddress extends ServerAddress {
  /** Whether the connection is encrypted and the server's certificate checked. Absent: as the server and client agree. */
  readonly tls?: boolean;
  /** Absolute path of a file with the certificates that are trusted. */
  readonly caFile?: string;
}

/** One database of a MariaDB or MySQL server. */
export interface MysqlSpec extends SourceSpec, MysqlAddress {
  readonly kind: 'mysql';
  readonly database: string;
  readonly checksums: boolean;
}

/** A MariaDB or MySQL server that backups are restored into. */
export interface MysqlTarget extends ServerTarget, MysqlAddress {
  readonly kind: 'mysql';
}

/** How a server is reached. */
export interface MysqlConnectOptions {
  /** A host's name or address, or the absolute path of a socket. Default '127.0.0.1'. */
  readonly host?: string;
  /** Default 3306; not used with a socket. */
  readonly port?: number;
  /** As whom to connect. */
  readonly user: string;
  /** Where the password is found. Default: none is sent. */
  readonly password?: Secret;
  /** Whether the connection is encrypted and the server's certificate checked. Default: as server and client agree. */
  readonly tls?: boolean;
  /** Absolute path of a file with the certificates that are trusted. Default: those of the system. */
  readonly caFile?: string;
}

/** How a database of a MariaDB or MySQL server is described. */
export interface MysqlOptions extends MysqlConnectOptions {
  /** Names the backup set and the artifact. */
  readonly name: string;
  /** The database that is dumped. Users and rights are not in it: they are the server's. */
  readonly database: string;
  /**
   * Whether to have the server hash the content of each table, too, in the snapshots that rows are counted in
   * (`CHECKSUM TABLE`), and to compare that. It reads every row on the server, and differs between versions of
   * servers. Default false.
   */
  readonly checksums?: boolean;
}

const SYSTEM = new Set(['information_schema', 'mysql', 'performance_schema', 'sys']);

function faultOf(address: MysqlAddress, database: string | undefined): string | undefined {
  const { host, port, user, password, caFile } = address;
  const odd = isAbsolute(host) ? /\0/ : /^$|[\0-\x20]/;
  if (odd.test(host)) return 'host is a name, an address or an absolute path';
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return 'port is from 1 to 65535';
  if (typeof user !== 'string' || user === '' || user.includes('\0')) return 'user is needed';
  if (password !== undefined && !isSecret(password))
    return 'password is a Secret, never the password itself';
  if (caFile !== undefined && !isAbsolute(caFile)) return 'caFile is an absolute path';
  if (database === undefined) return undefined;
  if (database === '' || database.length > 64 || database.includes('\0'))
    return 'database is a name, at most 64 characters';
  // https://mariadb.com/kb/en/identifier-names/
  if (/[\u{10000}-\u{10FFFF}]| $/u.test(database))
    return 'database has an emoji or a space at its end, which these servers take in no name';
  return SYSTEM.has(database.toLowerCase()) ? `${database} is the server's own` : undefined;
}

function addressOf(
  what: string,
  options: MysqlConnectOptions,
  database: string | undefined,
): MysqlAddress {
  const { host = '127.0.0.1', port = 3306, user, password, tls, caFile } = options;
  const address = {
    host,
    port,
    user,
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
    ...(caFile === undefined ? {} : { caFile }),
  };
  const fault = faultOf(address, database);
  if (fault === undefined) return address;
  throw new HoldfastError('OPTIONS_INVALID', `${what}: ${fault}.`, {
    hint: 'Correct the options.',
    retryable: false,
    context: {},
  });
}

/**
 * Describes one database of a MariaDB or MySQL server. It is dumped in one transaction (`--single-transaction`), with
 * routines, events and triggers, while others read and write it. Tables of engines without transactions (MyISAM, Aria)
 * are read as they stand, and named in a warning.
 *
 * @throws `BACKUP_NAME_INVALID`, `OPTIONS_INVALID`
 */
export function mysqlSource(options: MysqlOptions): MysqlSpec {
  const { name, database, checksums = false } = options;
  const address = addressOf(`mysqlSource ${name}`, options, database);
  return { kind: 'mysql', name: checkName('source', name), ...address, database, checksums };
}

/** How a server to restore into is described. */
export interface MysqlTargetOptions extends MysqlConnectOptions {
  /** What the restored database is called there. Default: as it was called. */
  readonly database?: string;
}

/**
 * Describes a MariaDB or MySQL server that a backup is restored into, or that scratch copies are made on. The user needs the
 * right to create databases.
 *
 * @throws `OPTIONS_INVALID`
 */
export function mysqlTarget(options: MysqlTargetOptions): MysqlTarget {
  const { database } = options;
  const address = addressOf('mysqlTarget', options, database);
  return { kind: 'mysql', ...address, ...(database === undefined ? {} : { database }) };
}

/** What a database is called, without credentials: `mysql://db.example:3306/shop`. */
export function mysqlUrl({ host, port }: MysqlAddress, database: string): string {
  const place = isAbsolute(host) ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return `mysql://${place}/${encodeURIComponent(database)}`;
}
