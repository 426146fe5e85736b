import { randomBytes } from 'node:crypto';
import { HoldfastError } from '@holdfast/core';
import type { ServerRestoreOptions, Swapped } from '../servers/server-source.ts';
import { isLeftBehind, ownerText, temporaryName } from '../servers/temporary-names.ts';
import type { StoredBackup } from '../source.ts';
import type { Workroom } from '../workroom.ts';
import { ANYTHING } from './catalog-queries.ts';
import { type DumpedDatabase, readIdentity } from './identity.ts';
import { urlOf } from './login.ts';
import { dumpedBy } from './own-server.ts';
import { PostgresPlace } from './place.ts';
import { findPrograms } from './programs.ts';
import { quoteName, quoteText, withSession } from './server.ts';
import type { PsqlSession } from './session.ts';
import type { PostgresTarget } from './spec.ts';

/** The longest name of a database, in bytes. */
const LONGEST_NAME = 63;

function localeOf({ provider, icuLocale, collate, ctype }: DumpedDatabase): string {
  const base = `LC_COLLATE ${quoteText(collate)} LC_CTYPE ${quoteText(ctype)}`;
  if (icuLocale === null || provider === 'c') return base;
  const locale = quoteText(icuLocale);
  return provider === 'i'
    ? `${base} LOCALE_PROVIDER icu ICU_LOCALE ${locale}`
    : `${base} LOCALE_PROVIDER builtin BUILTIN_LOCALE ${locale}`;
}

/** Makes an empty database as the dumped one was made; whose it is stands in its comment. */
async function createDatabase(
  session: PsqlSession,
  name: string,
  dumped: DumpedDatabase,
): Promise<void> {
  const encoding = quoteText(dumped.encoding);
  await session.run(
    `CREATE DATABASE ${quoteName(name)} TEMPLATE template0 ENCODING ${encoding} ${localeOf(dumped)}`,
  );
  await session.run(`COMMENT ON DATABASE ${quoteName(name)} IS ${quoteText(ownerText())}`);
}

/** FORCE, of PostgreSQL 13: a session of a killed pg_restore may still be in it. */
async function dropDatabase(session: PsqlSession, name: string): Promise<void> {
  await session.run(`DROP DATABASE IF EXISTS ${quoteName(name)} WITH (FORCE)`);
}

/** Drops databases that processes left behind which are certainly dead. */
async function sweepDatabases(session: PsqlSession): Promise<void> {
  const rows = await session.query<{ name: string; owner: string | null }>(
    "SELECT datname AS name, shobj_description(oid, 'pg_database') AS owner FROM pg_database WHERE datname ~ '^holdfast_'",
  );
  for (const { name, owner } of rows) {
    if (isLeftBehind(name, owner)) await dropDatabase(session, name);
  }
}

/** Work that must be done though the room's signal may have aborted. */
function unhurried(room: Workroom): Workroom {
  return { ...room, signal: new AbortController().signal };
}

interface Given {
  readonly backup: StoredBackup;
  readonly target: PostgresTarget;
  readonly room: Workroom;
}

async function openPlace(
  { backup, target, room }: Given,
  copies: readonly { readonly dumped: DumpedDatabase; readonly name: string }[],
  more: { readonly tables?: readonly string[] | undefined; readonly swap?: () => Promise<Swapped> },
): Promise<PostgresPlace> {
  const atLeast = dumpedBy(backup, readIdentity(backup.manifest));
  const why = `the backup ${backup.manifest.id}`;
  const programs = await findPrograms(['pg_restore', 'psql'], target, atLeast, why);
  const onServer = <T>(inRoom: Workroom, work: (session: PsqlSession) => Promise<T>): Promise<T> =>
    withSession(target, target.maintenance, inRoom, work);
  return PostgresPlace.open({
    backup,
    room,
    programs,
    server: target,
    copies,
    mode: 'fill',
    roles: target.roles,
    ...more,
    prepare: () =>
      onServer(room, async (session) => {
        await sweepDatabases(session);
        for (const { name, dumped } of copies) await createDatabase(session, name, dumped);
      }),
    close: () =>
      onServer(unhurried(room), async (session) => {
        for (const { name } of copies) await dropDatabase(session, name);
      }),
  });
}

/** Opens a scratch place on a given server: databases of temporary names, dropped afterwards. */
export async function openGivenServer(given: Given): Promise<PostgresPlace> {
  const { dumped } = readIdentity(given.backup.manifest);
  return openPlace(
    given,
    dumped.map((one) => ({ dumped: one, name: temporaryName('scratch') })),
    {},
  );
}

function chosen({ backup, target }: Given): DumpedDatabase {
  const { dumped } = readIdentity(backup.manifest);
  const { from } = target;
  const one = from === undefined ? dumped[0] : dumped.find(({ database }) => database === from);
  if (one !== undefined && (from !== undefined || dumped.length === 1)) return one;
  const names = dumped.map(({ database }) => database).join(', ');
  throw new HoldfastError(
    'RESTORE_TARGET_INVALID',
    `The backup ${backup.manifest.id} holds the databases ${names}: say which one.`,
    {
      hint: 'Name it as `from` of the target; restore one after another.',
      retryable: false,
      context: { databases: dumped.map(({ database }) => database) },
    },
  );
}

/** What stands under the target's name. */
async function lookAt(
  { target, room }: Given,
  name: string,
): Promise<'nothing' | 'empty' | 'something'> {
  const rows = await withSession(target, target.maintenance, room, (session) =>
    session.query(`SELECT 1 AS one FROM pg_database WHERE datname = ${quoteText(name)}`),
  );
  if (rows.length === 0) return 'nothing';
  const held = await withSession(target, name, room, (session) => session.query(ANYTHING));
  return held.length === 0 ? 'empty' : 'something';
}

/** The name that what stands there is kept under; a long one makes room at its end, a whole character at a time. */
function keptName(name: string, id: string): string {
  const suffix = `_before_${id.slice(0, 16).toLowerCase()}_${randomBytes(2).toString('hex')}`;
  const kept = Buffer.from(name).subarray(0, LONGEST_NAME - suffix.length);
  return kept.toString('utf8').replace(/\uFFFD$/u, '') + suffix;
}

async function swap(given: Given, staged: string, name: string): Promise<Swapped> {
  const { target, room, backup } = given;
  const there = await lookAt(given, name);
  const kept = keptName(name, backup.manifest.id);
  await withSession(target, target.maintenance, room, async (session) => {
    // One transaction: at no moment is there no database of the name, and a failure leaves the old one.
    const aside = `ALTER DATABASE ${quoteName(name)} RENAME TO ${quoteName(kept)};`;
    await session.run(`BEGIN; ${there === 'nothing' ? '' : aside}
      ALTER DATABASE ${quoteName(staged)} RENAME TO ${quoteName(name)};
      COMMENT ON DATABASE ${quoteName(name)} IS NULL; COMMIT`);
    if (there === 'empty') await session.run(`DROP DATABASE ${quoteName(kept)}`);
  });
  return {
    to: urlOf(target, name),
    ...(there === 'something' ? { replaced: urlOf(target, kept) } : {}),
  };
}

/**
 * Opens a place beside a target's database, on its server.
 *
 * @throws `RESTORE_TARGET_NOT_EMPTY`, `RESTORE_TARGET_INVALID`
 */
export async function openGivenTarget(
  given: Given,
  { overwrite, tables }: ServerRestoreOptions,
): Promise<PostgresPlace> {
  const dumped = chosen(given);
  const name = given.target.database ?? dumped.database;
  if (!overwrite && (await lookAt(given, name)) === 'something') {
    throw new HoldfastError(
      'RESTORE_TARGET_NOT_EMPTY',
      `${urlOf(given.target, name)} holds something already; nothing was restored.`,
      {
        hint: 'Restore under another name, or pass overwrite: true: what is there is then kept beside.',
        retryable: false,
        context: { database: name },
      },
    );
  }
  const staged = temporaryName('restore');
  return openPlace(given, [{ dumped, name: staged }], {
    tables,
    swap: () => swap(given, staged, name),
  });
}
