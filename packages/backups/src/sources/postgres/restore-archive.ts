import { rm } from 'node:fs/promises';
import type { Artifact } from '../../model/manifest.ts';
import { feedChild } from '../servers/feed-child.ts';
import { restoreError } from './errors.ts';
import { unpack } from './directory-dump.ts';
import { artifactOf, isDirectoryDump } from './identity.ts';
import { databaseArgument, prepareLogin, urlOf } from './login.ts';
import { quoteName, withSession } from './server.ts';
import type { DatabaseCopy, PlaceParts } from './place.ts';

const ALWAYS = [
  '--exit-on-error',
  '--no-password',
  // A tablespace is a directory of the machine: a copy must not write to that of the source. A subscription would
  // begin to take what belongs to another.
  '--no-tablespaces',
  '--no-subscriptions',
  '--no-publications',
];

/** How many processes restore a dump of the directory format. */
const JOBS = 4;

async function* nothing(): AsyncGenerator<Uint8Array, void, void> {}

/** The parts of a quoted name: `public."my table"`. */
function splitName(table: string): readonly string[] {
  const parts = table.match(/"(?:[^"]|"")*"|[^.]+/g) ?? [];
  return parts.map((part) =>
    part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part,
  );
}

/** Feeds bytes to a program of PostgreSQL, and waits until both have ended well. */
export async function feedProgram(
  { room, programs, server }: Pick<PlaceParts, 'room' | 'programs' | 'server'>,
  input: AsyncIterable<Uint8Array>,
  program: { readonly name: string; readonly args: readonly string[]; readonly database: string },
): Promise<void> {
  const login = await prepareLogin(server, program.database, room);
  try {
    const child = await room.startChild(programs.path(program.name), {
      args: program.args,
      env: login.env,
      stdin: 'pipe',
      signal: room.signal,
    });
    await feedChild(input, child);
  } catch (error) {
    throw restoreError(error, urlOf(server, program.database));
  } finally {
    await login.forget();
  }
}

function argumentsFor(parts: PlaceParts, { name }: DatabaseCopy): readonly string[] {
  const into =
    parts.mode === 'create'
      ? ['--create', '--dbname=template1']
      : [`--dbname=${databaseArgument(name)}`];
  const roles = parts.roles === 'keep' ? [] : ['--no-owner', '--no-privileges'];
  return [...ALWAYS, ...roles, ...into];
}

/**
 * Restores one database's archive, read from the store as it goes: no copy of it lies on a disk meanwhile.
 *
 * @throws `RESTORE_FAILED`, `RESTORE_PREREQUISITE_MISSING`, or what reading the artifact throws
 */
export async function restoreArchive(parts: PlaceParts, copy: DatabaseCopy): Promise<void> {
  const artifact = artifactOf(parts.backup.manifest, copy.dumped);
  if (!isDirectoryDump(artifact.plainName)) return restoreFrom(parts, copy, artifact, undefined);
  const directory = await unpack(parts, artifact);
  await restoreFrom(parts, copy, artifact, directory);
  await rm(directory, { recursive: true });
}

async function restoreFrom(
  parts: PlaceParts,
  copy: DatabaseCopy,
  artifact: Artifact,
  directory: string | undefined,
): Promise<void> {
  const from = directory === undefined ? [] : [`--jobs=${JOBS}`, directory];
  const args = argumentsFor(parts, copy);
  const database = parts.mode === 'create' ? 'template1' : copy.name;
  const run = (more: readonly string[]): Promise<void> =>
    feedProgram(parts, directory === undefined ? parts.backup.read(artifact) : nothing(), {
      name: 'pg_restore',
      args: [...args, ...more, ...from],
      database,
    });
  if (parts.tables === undefined) return run([]);
  // pg_restore takes a table and a schema apart: several at once would also match their other pairs.
  for (const table of parts.tables) {
    const [schema = '', name = ''] = splitName(table);
    await withSession(parts.server, copy.name, parts.room, (session) =>
      session.run(`CREATE SCHEMA IF NOT EXISTS ${quoteName(schema)}`),
    );
    await run([`--schema=${schema}`, `--table=${name}`]);
  }
}
