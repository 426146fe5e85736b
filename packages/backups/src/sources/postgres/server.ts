import { HoldfastError } from '@holdfast/core';
import type { Workroom } from '../workroom.ts';
import { urlOf } from './login.ts';
import { findPrograms } from './programs.ts';
import { PsqlSession } from './session.ts';
import type { PostgresAddress, PostgresSpec } from './spec.ts';

/** What a server says of itself and of who asks. */
export interface ServerFacts {
  /** 15 */
  readonly major: number;
  /** '15.18 (Debian 15.18-0+deb12u1)' */
  readonly version: string;
  readonly isSuperuser: boolean;
  /** The name of the role that the cluster was made by. */
  readonly bootstrapRole: string;
  readonly hasTablespaces: boolean;
}

const FACTS = `SELECT current_setting('server_version_num')::int / 10000 AS major,
    current_setting('server_version') AS version,
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS "isSuperuser",
    pg_get_userbyid(10) AS "bootstrapRole",
    EXISTS (SELECT FROM pg_tablespace WHERE spcname !~ '^pg_') AS "hasTablespaces"`;

/** Asks a server what it is. */
export async function readServer(session: PsqlSession): Promise<ServerFacts> {
  const [facts] = await session.query<ServerFacts>(FACTS);
  if (facts === undefined) throw new Error('A query without a condition gave no row.');
  return facts;
}

/** Opens a session, uses it, and closes it. */
export async function withSession<T>(
  server: PostgresAddress,
  database: string,
  room: Workroom,
  work: (session: PsqlSession) => Promise<T>,
): Promise<T> {
  const session = await PsqlSession.open(
    await findPrograms(['psql'], server),
    server,
    database,
    room,
  );
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** The database that is connected to first. */
export function firstDatabase({ databases }: PostgresSpec): string {
  return databases === 'all' ? 'postgres' : (databases[0] ?? 'postgres');
}

/** How a database was made: what a new one needs to take its content. */
export interface DatabaseFacts {
  readonly database: string;
  readonly encoding: string;
  readonly collate: string;
  readonly ctype: string;
  /** 'c': of the system; 'i': of ICU, in {@link icuLocale}; 'b': built in. */
  readonly provider: string;
  readonly icuLocale: string | null;
  readonly extensions: readonly string[];
}

/**
 * The databases of a source, in order of name.
 *
 * @throws `SOURCE_MISSING` one that is named is not there; or there is none at all
 */
export async function listDatabases(
  session: PsqlSession,
  spec: PostgresSpec,
): Promise<readonly string[]> {
  const rows = await session.query<{ name: string }>(
    'SELECT datname COLLATE "C" AS name FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1',
  );
  const there = rows.map(({ name }) => name);
  if (spec.databases === 'all') return there;
  const missing = spec.databases.find((name) => !there.includes(name));
  if (missing === undefined) return there.filter((name) => spec.databases.includes(name));
  throw new HoldfastError(
    'SOURCE_MISSING',
    `${urlOf(spec, missing)} is not there, or takes no connections.`,
    {
      hint: "Check the database's name; case counts.",
      retryable: false,
      context: { database: missing },
    },
  );
}

/** How the database of a session was made. */
export async function readDatabase(session: PsqlSession): Promise<DatabaseFacts> {
  const [facts] = await session.query<DatabaseFacts>(`SELECT d.datname AS database,
      pg_encoding_to_char(d.encoding) AS encoding, to_jsonb(d) ->> 'datcollate' AS collate,
      to_jsonb(d) ->> 'datctype' AS ctype, coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') AS provider,
      coalesce(to_jsonb(d) ->> 'daticulocale', to_jsonb(d) ->> 'datlocale') AS "icuLocale",
      (SELECT coalesce(jsonb_agg(extname ORDER BY extname COLLATE "C"), '[]') FROM pg_extension) AS extensions
    FROM pg_database d WHERE d.datname = current_database()`);
  if (facts === undefined) throw new Error('A database does not know itself.');
  return facts;
}

/** Quotes a name for SQL. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Quotes a text for SQL; `standard_conforming_strings` is on. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
