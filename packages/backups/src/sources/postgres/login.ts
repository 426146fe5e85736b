import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import type { Workroom } from '../workroom.ts';
import type { PostgresAddress } from './spec.ts';

/** Seconds until a server must have answered. */
const CONNECT_TIMEOUT = 30;

/**
 * The variables that libpq reads where a server is, and a file of mode 0600 with the password: nothing stands in
 * arguments, which every user of the machine can read, and the environment has no secret either.
 */
export interface Login {
  readonly env: Readonly<Record<string, string>>;
  /** Removes the password file; it goes with the room at the latest. */
  forget(): Promise<void>;
}

/** One line of a password file: https://www.postgresql.org/docs/current/libpq-pgpass.html */
function passwordLine(password: string): string {
  if (/[\r\n\0]/.test(password)) {
    throw new HoldfastError('SOURCE_LOGIN_REFUSED', 'The password holds a line break or a NUL.', {
      hint: 'A password file of PostgreSQL cannot hold it. Choose another password.',
      retryable: false,
    });
  }
  return `*:*:*:*:${password.replaceAll(/[\\:]/g, String.raw`\$&`)}\n`;
}

/** Prepares a login for the programs of PostgreSQL. The password is read anew. */
export async function prepareLogin(
  server: PostgresAddress,
  database: string,
  room: Workroom,
): Promise<Login> {
  const env: Record<string, string> = {
    PGHOST: server.host,
    PGPORT: String(server.port),
    PGUSER: server.user,
    PGDATABASE: database,
    PGCONNECT_TIMEOUT: String(CONNECT_TIMEOUT),
    PGAPPNAME: 'holdfast',
    PGCLIENTENCODING: 'UTF8',
    // What the programs themselves say is looked at, and shown.
    LC_ALL: 'C',
  };
  if (server.tls !== undefined) {
    env['PGSSLMODE'] = server.tls.mode;
    if (server.tls.rootCert !== undefined) env['PGSSLROOTCERT'] = server.tls.rootCert;
  }
  if (server.password === undefined) return { env, forget: () => Promise.resolve() };
  const file = join(room.scratch, `.pgpass-${randomUUID()}`);
  await writeFile(file, passwordLine(await room.secret(server.password)), {
    mode: 0o600,
    flag: 'wx',
  });
  env['PGPASSFILE'] = file;
  return { env, forget: () => rm(file, { force: true }) };
}

/**
 * A database's name where libpq would take a text with `=`, or one that begins like a URL, for a whole
 * connection string: https://www.postgresql.org/docs/current/libpq-connect.html, `expand_dbname`.
 */
export function databaseArgument(name: string): string {
  if (!name.includes('=') && !/^postgres(ql)?:\/\//.test(name)) return name;
  return `dbname='${name.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
}

/** A server and a database for people, without credentials. */
export function urlOf(server: PostgresAddress, database: string): string {
  const host = server.host.startsWith('/') ? encodeURIComponent(server.host) : server.host;
  return `postgres://${host}:${server.port}/${encodeURIComponent(database)}`;
}
