import type { ConnectionOptions } from 'node:tls';
import { durationMs, isSecret } from '@holdfast/core';
import type { Duration, Secret, SecretResolvers } from '@holdfast/core';
import { OptionChecks } from '../remote/option-checks.ts';
import type { MigrationMode } from '../sql/migration-mode.ts';
import type { PostgresPool } from './pool.ts';

/** How a {@link postgresRunStore} is made. */
export interface PostgresRunStoreOptions {
  /**
   * `postgresql://user@host:5432/database`. One that holds a password is a secret: `secret('env:DATABASE_URL')`. Default:
   * what PGHOST, PGPORT, PGUSER and PGDATABASE say.
   */
  readonly url?: string | Secret;
  /** Asked for with each new connection. Default: that of the URL, PGPASSWORD, or ~/.pgpass. */
  readonly password?: Secret;
  /** Resolve secrets of other schemes than `env` and `file`. */
  readonly resolvers?: SecretResolvers;
  /** TLS: true checks the server's certificate; options as `node:tls` takes them. Default: what the URL says by `sslmode`. */
  readonly ssl?: boolean | ConnectionOptions;
  /** The most connections that the store opens: at least 2, as one is held while somebody watches. Default 5. */
  readonly maxConnections?: number;
  /** The host's own `Pool` of the package `pg`, of at least 2 connections, instead of connections of the store's own. Never closed. */
  readonly pool?: PostgresPool;
  /** The schema that holds the tables, and nothing else. Default 'holdfast'. */
  readonly schema?: string;
  /**
   * What `open` does about tables that are missing or older than this software. `'auto'` (default): brings them up to
   * date; of several processes one does. `'check'`: refuses with `STORE_OUTDATED`. `'off'`: does not look; what lacks
   * shows at the first call.
   */
  readonly migrate?: MigrationMode;
  /**
   * For how long a call waits for a server that is not there or restarts. Beyond it the call rejects with
   * `STORE_UNAVAILABLE`. Default 30 s.
   */
  readonly patience?: Duration;
  /**
   * Whether the server tells what other processes commit, on a connection that is held while somebody watches. Default
   * true. False behind PgBouncer in transaction mode, which passes no notifications: then the store looks every half
   * second, and prepares no statement for a session.
   */
  readonly notifications?: boolean;
}

/** The options with their defaults. */
export interface PostgresSettings {
  readonly options: PostgresRunStoreOptions;
  readonly maxConnections: number;
  readonly schema: string;
  readonly migrate: MigrationMode;
  readonly patienceMs: number;
  readonly notifications: boolean;
}

/** Says what is wrong with them. */
export const checks = new OptionChecks('postgresRunStore');

const KNOWN: { readonly [option in keyof PostgresRunStoreOptions]-?: true } = {
  url: true,
  password: true,
  resolvers: true,
  ssl: true,
  maxConnections: true,
  pool: true,
  schema: true,
  migrate: true,
  patience: true,
  notifications: true,
};

/** Options that say how connections are made: the host's pool knows that itself. */
const OF_OWN_POOL = ['url', 'password', 'resolvers', 'ssl', 'maxConnections'] as const;

/** Names that need no quotes, so that people can type them. */
const PLAIN_NAME = /^[a-z_][a-z0-9_]{0,62}$/;

function checkUrl(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !['postgresql:', 'postgres:'].includes(parsed.protocol)) {
    throw checks.invalid('its url is none', 'Give postgresql://user@host:5432/database.');
  }
  if (parsed.password !== '') {
    throw checks.invalid(
      'its url holds a password',
      "Give the URL as a secret, { url: secret('env:DATABASE_URL') }, or the password by itself: { password: secret('env:PGPASSWORD') }.",
    );
  }
}

/** @throws `OPTIONS_INVALID`, `DURATION_INVALID` */
export function postgresSettings(options: PostgresRunStoreOptions): PostgresSettings {
  checks.refuseUnknown(options, KNOWN);
  const { url, password, pool, schema = 'holdfast' } = options;
  const alien = OF_OWN_POOL.find((name) => pool !== undefined && options[name] !== undefined);
  if (alien !== undefined) {
    throw checks.invalid(
      `${alien} is given beside a pool`,
      'The pool knows how to connect: say it there.',
    );
  }
  if (url !== undefined && !isSecret(url)) checkUrl(url);
  if (password !== undefined && !isSecret(password)) {
    throw checks.invalid(
      'its password is no secret',
      "Give { password: secret('env:PGPASSWORD') }.",
    );
  }
  if (!PLAIN_NAME.test(schema)) {
    throw checks.invalid(
      `its schema is '${schema}'`,
      'Give small letters, digits and _, beginning with a letter or _, at most 63.',
    );
  }
  return {
    options,
    maxConnections: checks.wholeBetween('maxConnections', options.maxConnections ?? 5, 2, 1000),
    schema,
    migrate: checks.oneOf('migrate', options.migrate ?? 'auto', ['auto', 'check', 'off']),
    patienceMs: durationMs(options.patience ?? '30s', 'postgresRunStore: patience'),
    notifications: options.notifications ?? true,
  };
}
