import type { StoredBackup } from '../source.ts';
import type { Workroom } from '../workroom.ts';
import { startCluster } from './cluster.ts';
import { artifactNamed, globalsName, type PostgresIdentity, readIdentity } from './identity.ts';
import { type PlaceParts, PostgresPlace } from './place.ts';
import { findPrograms } from './programs.ts';
import { feedProgram } from './restore-archive.ts';
import { quoteName, withSession } from './server.ts';
import type { PostgresAddress } from './spec.ts';

const PROGRAMS = ['postgres', 'initdb', 'pg_restore', 'psql'];

/** The roles, all but the one that made the cluster, which is there. */
async function* withoutRole(
  bytes: AsyncIterable<Uint8Array>,
  role: string,
): AsyncGenerator<Uint8Array, void, void> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  const skipped = new Set([`CREATE ROLE ${role};`, `CREATE ROLE ${quoteName(role)};`]);
  const lines = Buffer.concat(chunks).toString('utf8').split('\n');
  yield Buffer.from(lines.filter((line) => !skipped.has(line)).join('\n'));
}

async function prepare(
  parts: Omit<PlaceParts, 'prepare'>,
  { bootstrapRole, dumped }: PostgresIdentity,
): Promise<void> {
  const { backup, server, room } = parts;
  const roles = artifactNamed(backup.manifest, globalsName(backup.manifest.source.name));
  if (roles !== undefined) {
    await feedProgram(parts, withoutRole(backup.read(roles), bootstrapRole), {
      name: 'psql',
      args: ['-X', '-q', '-w', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=verbose'],
      database: 'template1',
    });
  }
  // The archive makes its database itself; this one is in a new cluster already.
  if (dumped.some(({ database }) => database === 'postgres')) {
    await withSession(server, 'template1', room, (session) =>
      session.run('DROP DATABASE postgres'),
    );
  }
}

/**
 * Opens a place on a server of its own: a cluster that is made for it, with the source's roles, and databases that
 * are called as they were.
 *
 * @throws `TOOL_MISSING`, `TOOL_TOO_OLD`, `SCRATCH_SERVER_FAILED`
 */
export async function openOwnServer(
  backup: StoredBackup,
  room: Workroom,
  where: Pick<PostgresAddress, 'programs'> = {},
): Promise<PostgresPlace> {
  const identity = readIdentity(backup.manifest);
  const why = `the backup ${backup.manifest.id}`;
  const programs = await findPrograms(PROGRAMS, where, dumpedBy(backup, identity), why);
  const cluster = await startCluster(room, programs, identity.bootstrapRole);
  const roles = artifactNamed(backup.manifest, globalsName(backup.manifest.source.name));
  const parts = {
    backup,
    room,
    programs,
    server: cluster.address,
    copies: identity.dumped.map((dumped) => ({ dumped, name: dumped.database })),
    mode: 'create',
    roles: roles === undefined ? 'ignore' : 'keep',
    close: () => cluster.stop(),
  } as const;
  return PostgresPlace.open({ ...parts, prepare: () => prepare(parts, identity) });
}

/** The major version that a restore needs: of the server that was dumped, and of the program that dumped. */
export function dumpedBy(backup: StoredBackup, { major }: PostgresIdentity): number {
  const tool = backup.manifest.tools.find(({ name }) => name === 'pg_dump');
  return Math.max(major, Number.parseInt(tool?.version ?? '', 10) || 0);
}
