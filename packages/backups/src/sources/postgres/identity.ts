import { HoldfastError, type JsonValue } from '@holdfast/core';
import type { Artifact, Manifest } from '../../model/manifest.ts';
import { list, orNull, type Read, record, ShapeError, text, count } from '../../model/shape.ts';
import type { DatabaseFacts, ServerFacts } from './server.ts';
import type { PostgresSpec } from './spec.ts';

/** Name of the artifact with the roles. */
export function globalsName(name: string): string {
  return `${name}.roles.sql`;
}

/** Name of the artifact with the tablespaces, if there are any. */
export function tablespacesName(name: string): string {
  return `${name}.tablespaces.sql`;
}

/** Name of a database's artifact: a database may be called anything, a file may not. */
export function databaseFile(
  { name, jobs }: Pick<PostgresSpec, 'name' | 'jobs'>,
  index: number,
  among: number,
): string {
  const file = among === 1 ? `${name}.dump` : `${name}.${index + 1}.dump`;
  return jobs > 1 ? `${file}${TAR}` : file;
}

/** The suffix of a dump of the directory format, which is stored as a tar. */
const TAR = '.tar';

/** Whether an artifact holds a directory. */
export function isDirectoryDump(plainName: string): boolean {
  return plainName.endsWith(TAR);
}

/** A database of a backup: how it was made, and the artifact that holds it. */
export interface DumpedDatabase extends DatabaseFacts {
  readonly file: string;
}

/** What a manifest tells of a PostgreSQL source, beside where it was. */
export interface PostgresIdentity {
  /** Major version of the server. */
  readonly major: number;
  /** The role that the cluster was made by. */
  readonly bootstrapRole: string;
  readonly dumped: readonly DumpedDatabase[];
}

/** What the dump learned, for the manifest. */
export function identityOf(
  spec: PostgresSpec,
  { major, bootstrapRole }: ServerFacts,
  databases: readonly DatabaseFacts[],
): { readonly [field: string]: JsonValue } {
  const dumped = databases.map((facts, index) => ({
    ...facts,
    file: databaseFile(spec, index, databases.length),
  }));
  return { major, bootstrapRole, dumped };
}

const dumpedDatabase = record<DumpedDatabase>({
  database: text,
  encoding: text,
  collate: text,
  ctype: text,
  provider: text,
  icuLocale: orNull(text),
  extensions: list(text),
  file: text,
});

function field<T>(manifest: Manifest, name: string, read: Read<T>): T {
  return read(manifest.source.identity[name], `source.identity.${name}`);
}

/**
 * Reads what the manifest tells.
 *
 * @throws `MANIFEST_INVALID`
 */
export function readIdentity(manifest: Manifest): PostgresIdentity {
  try {
    return {
      major: field(manifest, 'major', count),
      bootstrapRole: field(manifest, 'bootstrapRole', text),
      dumped: field(manifest, 'dumped', list(dumpedDatabase)),
    };
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new HoldfastError('MANIFEST_INVALID', `${manifest.id}: ${error.message}.`, {
      hint: 'Use another copy of the backup.',
      retryable: false,
      context: { backup: manifest.id },
    });
  }
}

/** The artifact of a plain name, if the backup has it. */
export function artifactNamed(manifest: Manifest, plainName: string): Artifact | undefined {
  return manifest.artifacts.find((artifact) => artifact.plainName === plainName);
}

/** @throws `MANIFEST_INVALID` the backup lacks the artifact of a database that it names */
export function artifactOf(manifest: Manifest, { file }: DumpedDatabase): Artifact {
  const artifact = artifactNamed(manifest, file);
  if (artifact !== undefined) return artifact;
  throw new HoldfastError('MANIFEST_INVALID', `${manifest.id} has no artifact ${file}.`, {
    hint: 'Use another copy of the backup.',
    retryable: false,
    context: { backup: manifest.id, artifact: file },
  });
}
