import { HoldfastError } from '@holdfast/core';
import type { ServerDatabase } from '../../model/fingerprint.ts';
import type { DumpCommand } from '../command.ts';
import { type DumpFacts, type DumpStream, NO_FILES } from '../source.ts';
import type { Workroom } from '../workroom.ts';
import { lockTables, rangesOf, readContents, readPositions } from './contents.ts';
import { dumpDirectory } from './directory-dump.ts';
import { postgresError } from './errors.ts';
import { globalsName, identityOf, tablespacesName, databaseFile } from './identity.ts';
import { databaseArgument, prepareLogin, urlOf } from './login.ts';
import { findPrograms, type Programs } from './programs.ts';
import {
  type DatabaseFacts,
  firstDatabase,
  listDatabases,
  readDatabase,
  readServer,
  type ServerFacts,
  withSession,
} from './server.ts';
import { PsqlSession } from './session.ts';
import type { PostgresSpec } from './spec.ts';
import { chooseHashed, tablesOf } from './table-content.ts';

/** What one dump goes by. */
interface Plan {
  readonly spec: PostgresSpec;
  readonly room: Workroom;
  readonly programs: Programs;
  readonly server: ServerFacts;
  readonly databases: readonly string[];
  readonly warnings: string[];
}

/** What a database's dump has shown. */
interface Dumped {
  readonly facts: DatabaseFacts;
  readonly contents: ServerDatabase;
}

/**
 * Looks at the server, before anything is dumped.
 *
 * @throws `SOURCE_LOGIN_REFUSED`, `SOURCE_UNREACHABLE`, `SOURCE_MISSING`, `SOURCE_UNREADABLE`, `TOOL_MISSING`, `TOOL_TOO_OLD`
 */
export async function planDump(spec: PostgresSpec, room: Workroom): Promise<Plan> {
  const [server, databases] = await withSession(
    spec,
    firstDatabase(spec),
    room,
    async (session) => [await readServer(session), await listDatabases(session, spec)],
  );
  if (spec.globals === 'with-passwords' && !server.isSuperuser) {
    throw new HoldfastError(
      'SOURCE_UNREADABLE',
      `${urlOf(spec, firstDatabase(spec))}: only a superuser can read the passwords of roles.`,
      {
        hint: "Dump with globals: 'without-passwords', or as a superuser.",
        retryable: false,
        context: { user: spec.user },
      },
    );
  }
  const names = ['pg_dump', 'pg_dumpall', 'psql'];
  const why = `the server ${urlOf(spec, '')} (${server.version})`;
  const programs = await findPrograms(names, spec, server.major, why);
  return { spec, room, programs, server, databases, warnings: [] };
}

/** Keeps what a program warned of. */
function warningsInto(warnings: string[]): NonNullable<DumpCommand['onEnd']> {
  return ({ stderr }) => {
    const lines = stderr.split('\n').filter((line) => /: warning: /.test(line));
    warnings.push(...lines);
  };
}

async function* dumpGlobals(
  { spec, room, programs, server, warnings }: Plan,
  name: string,
  part: '--roles-only' | '--tablespaces-only',
): AsyncGenerator<DumpStream, void, void> {
  const login = await prepareLogin(spec, firstDatabase(spec), room);
  const withPasswords = spec.globals === 'with-passwords' && server.isSuperuser;
  try {
    yield {
      plainName: name,
      layers: ['zstd'],
      command: {
        program: programs.path('pg_dumpall'),
        args: [
          part,
          '--no-password',
          ...(withPasswords ? [] : ['--no-role-passwords']),
          `--lock-wait-timeout=${spec.lockWait}`,
          `--database=${databaseArgument(firstDatabase(spec))}`,
        ],
        env: login.env,
        onEnd: warningsInto(warnings),
      },
    };
  } catch (error) {
    throw postgresError(error, urlOf(spec, firstDatabase(spec)), 'DUMP_FAILED');
  } finally {
    await login.forget();
  }
}

async function beginSnapshot(session: PsqlSession, lockWait: number): Promise<string> {
  await session.run(
    `SET lock_timeout = ${lockWait}; BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY`,
  );
  const [row] = await session.query<{ id: string }>('SELECT pg_export_snapshot() AS id');
  return row?.id ?? '';
}

async function sizeOf(session: PsqlSession): Promise<number> {
  const [row] = await session.query<{ bytes: string }>(
    "SELECT coalesce(sum(pg_table_size(c.oid)), 0)::text AS bytes FROM pg_class c WHERE c.relkind IN ('r', 'm')",
  );
  return Number(row?.bytes ?? 0);
}

function argumentsOf({ lockWait, jobs }: PostgresSpec, snapshot: string): readonly string[] {
  return [
    ...(jobs === 1 ? ['--format=custom'] : []),
    '--compress=0',
    '--no-password',
    '--strict-names',
    `--lock-wait-timeout=${lockWait}`,
    `--snapshot=${snapshot}`,
  ];
}

/**
 * Dumps one database from an exported snapshot, and counts in the same snapshot while the dump runs: its tables
 * are locked as pg_dump locks them, so that both see the same.
 */
async function* dumpDatabase(
  { spec, room, programs, warnings, databases }: Plan,
  database: string,
): AsyncGenerator<DumpStream, Dumped, void> {
  const login = await prepareLogin(spec, database, room);
  const session = await PsqlSession.open(programs, spec, database, room);
  let uncounted: { readonly error: unknown } | undefined;
  try {
    const snapshot = await beginSnapshot(session, spec.lockWait);
    const tables = await tablesOf(session);
    await lockTables(session, tables);
    const [facts, expectedBytes] = [await readDatabase(session), await sizeOf(session)];
    const before = await readPositions(session);
    const hashed = await chooseHashed(session, tables, spec.hashUpTo);
    const reading = { tables, hashed, rights: true, comments: true };
    const counting = readContents(session, database, reading);
    counting.catch((error: unknown) => {
      uncounted = { error };
    });
    const command = { program: programs.path('pg_dump'), args: argumentsOf(spec, snapshot) };
    const plainName = databaseFile(spec, databases.indexOf(database), databases.length);
    const onEnd = warningsInto(warnings);
    const dump = { plainName, expectedBytes, command: { ...command, env: login.env, onEnd } };
    if (spec.jobs === 1) yield { ...dump, layers: ['zstd'] };
    else yield* dumpDirectory(dump, spec.jobs, room);
    const contents = await counting;
    const sequences = rangesOf(before, await readPositions(session));
    return { facts, contents: { ...contents, ...(sequences.length > 0 ? { sequences } : {}) } };
  } catch (error) {
    // The snapshot ends with the session that counts in it: pg_dump may only miss it.
    if (uncounted !== undefined) throw uncounted.error;
    throw postgresError(error, urlOf(spec, database), 'DUMP_FAILED');
  } finally {
    await session.close();
    await login.forget();
  }
}

/** Dumps the databases of a server, one after another, and before them what belongs to all. */
export async function* dumpPostgresServer(
  spec: PostgresSpec,
  room: Workroom,
): AsyncGenerator<DumpStream, DumpFacts, void> {
  const planned = await planDump(spec, room);
  const { server, programs, databases, warnings } = planned;
  if (spec.globals !== 'none') {
    yield* dumpGlobals(planned, globalsName(spec.name), '--roles-only');
    if (server.hasTablespaces) {
      yield* dumpGlobals(planned, tablespacesName(spec.name), '--tablespaces-only');
    }
  }
  const dumped: Dumped[] = [];
  for (const database of databases) dumped.push(yield* dumpDatabase(planned, database));
  return {
    fingerprint: { kind: 'server', databases: dumped.map(({ contents }) => contents) },
    identity: identityOf(
      spec,
      server,
      dumped.map(({ facts }) => facts),
    ),
    tools: [
      { name: 'pg_dump', version: programs.version },
      { name: 'postgresql', version: server.version },
    ],
    warnings,
    changed: NO_FILES,
    vanished: NO_FILES,
  };
}
