import { isSecret } from '@holdfast/core';
import { Kysely, PostgresDialect } from 'kysely';
import { loadPackage } from '../remote/load-package.ts';
import { SecretValues } from '../remote/secret-values.ts';
import type { Tables } from '../sql/tables.ts';
import { checks } from './options.ts';
import type { PostgresSettings } from './options.ts';
import { TYPES } from './pool.ts';
import type { PostgresClient, PostgresPool } from './pool.ts';
import { isAway } from './problems.ts';

/** A pool that the store opened itself. */
interface OwnPool extends PostgresPool {
  end(): Promise<void>;
}

/** The error of a connection is told by the call that uses it, or by none: nobody need hear of it twice. */
function ignore(): void {}

/** Connections that have somebody who ignores their errors, for good: one that ends may be cut before it has ended. */
const GUARDED = new WeakSet<PostgresClient>();

function guard(client: PostgresClient): void {
  if (GUARDED.has(client)) return;
  GUARDED.add(client);
  client.on('error', ignore);
}

/** A connection in use. */
export class Connection {
  readonly #client: PostgresClient;
  #cut = false;
  #released = false;

  constructor(client: PostgresClient) {
    this.#client = client;
    guard(client);
  }

  async query(
    text: string,
    values: readonly unknown[],
    name?: string,
  ): Promise<Awaited<ReturnType<PostgresClient['query']>>> {
    try {
      const statement = { text, values: [...values], types: TYPES };
      return await this.#client.query(name === undefined ? statement : { ...statement, name });
    } catch (error) {
      if (isAway(error)) this.#cut = true;
      throw error;
    }
  }

  /** Hears the server's notifications, until the connection is released; `lost` is called once, when it is cut before. */
  listen(told: (payload: string) => void, lost: () => void): void {
    this.#client.on('notification', ({ payload = '' }) => told(payload));
    this.#client.on('error', () => {
      if (!this.#released) lost();
    });
  }

  /** From now on it keeps no process alive. A query that is under way is not waited for then. */
  unref(): void {
    this.#client.unref?.();
  }

  /** One that was cut is not used again. */
  release(destroy = false): void {
    if (this.#released) return;
    this.#released = true;
    this.#client.release(destroy || this.#cut);
  }
}

/** For how long a connection may be in the making, in milliseconds. */
const CONNECT_TIMEOUT = 10_000;

/** Connections of the store's own, or the host's. */
export class Connections {
  readonly #settings: PostgresSettings;
  readonly #secrets: SecretValues;
  #pool: PostgresPool | undefined;
  #own: OwnPool | undefined;

  constructor(settings: PostgresSettings) {
    this.#settings = settings;
    this.#secrets = new SecretValues(settings.options.resolvers);
  }

  /** Where the store is, for messages; no password is in it. */
  get place(): string {
    const { schema, options } = this.#settings;
    if (options.pool !== undefined) return `in the host's pool (schema ${schema})`;
    const { url } = options;
    if (url === undefined || isSecret(url)) return `in PostgreSQL (schema ${schema})`;
    const { host, pathname } = new URL(url);
    return `postgresql://${host}${pathname} (schema ${schema})`;
  }

  async open(): Promise<void> {
    this.#pool = this.#settings.options.pool ?? (this.#own = await this.#makePool());
    this.#pool.on('error', ignore);
    // A server that ends a connection may say so in one breath with its greeting.
    this.#pool.on('connect', guard);
  }

  /** Ends what was opened here. */
  async close(): Promise<void> {
    if (this.#own !== undefined) {
      // Its connections end one after the other, and may still be cut: it goes on ignoring that.
      await this.#own.end();
    } else {
      this.#pool?.removeListener('error', ignore);
      this.#pool?.removeListener('connect', guard);
    }
  }

  async connect(): Promise<Connection> {
    if (this.#pool === undefined) throw new Error('There is no pool yet');
    return new Connection(await this.#pool.connect());
  }

  /** The query layer over these connections, made as `connect` says. */
  tables(connect: () => Promise<Connection>): Kysely<Tables> {
    const pool = { connect, end: () => Promise.resolve(), options: {} };
    // What Kysely asks of a pool and its clients is more than it uses of them.
    return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: pool as never }) });
  }

  async #makePool(): Promise<OwnPool> {
    const { options, maxConnections } = this.#settings;
    const { Client, Pool } = (await loadPackage('pg', 'postgresRunStore', () => import('pg')))
      .default;
    const { url, password, ssl } = options;
    // It reads a URL as libpq does, and connects to nothing. Given to a pool, a URL would overrule what stands beside it.
    const read = new Client(
      url === undefined ? {} : { connectionString: readable(await this.#secrets.read(url)) },
    );
    const { host, port, user, database } = read;
    return new Pool({
      host,
      port,
      user,
      database,
      ssl: ssl ?? read.ssl,
      ...(password === undefined
        ? { password: read.password }
        : { password: () => this.#secrets.read(password) }),
      max: maxConnections,
      connectionTimeoutMillis: CONNECT_TIMEOUT,
      keepAlive: true,
      // An idle connection keeps no process alive.
      allowExitOnIdle: true,
      application_name: 'holdfast',
    });
  }
}

/** What a URL that is none holds is told by nobody: it may be a password. */
function readable(url: string): string {
  if (URL.canParse(url)) return url;
  throw checks.invalid(
    'its url is none',
    'Let it resolve to postgresql://user@host:5432/database.',
  );
}
