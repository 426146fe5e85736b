import type { Artifact } from '../../model/manifest.ts';
import { feedChild } from '../servers/feed-child.ts';
import { restoreError } from './errors.ts';
import { artifactOf } from './identity.ts';
import { databaseArgument, prepareLogin, urlOf } from './login.ts';
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

/** The parts of a quoted name: `public."my table"`. */
function splitName(table: string): readonly string[] {
  const parts = table.match(/"(?:[^"]|"")*"|[^.]+/g) ?? [];
  return parts.map((part) =>
    part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part,
  );
}

/** Feeds an artifact to a program of PostgreSQL, and waits until both have ended well. */
export async function feedProgram(
  { backup, room, programs, server }: Omit<PlaceParts, 'copies'>,
  artifact: Artifact,
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
    await feedChild(backup.read(artifact), child);
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
  const args = argumentsFor(parts, copy);
  const database = parts.mode === 'create' ? 'template1' : copy.name;
  const run = (more: readonly string[]): Promise<void> =>
    feedProgram(parts, artifact, { name: 'pg_restore', args: [...args, ...more], database });
  if (parts.tables === undefined) return run([]);
  // pg_restore takes a table and a schema apart: several at once would also match their other pairs.
  for (const table of parts.tables) {
    const [schema = '', name = ''] = splitName(table);
    await run([`--schema=${schema}`, `--table=${name}`]);
  }
}
