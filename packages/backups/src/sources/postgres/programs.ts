import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import { runChild } from '@holdfast/core/process';
import type { PostgresAddress } from './spec.ts';

/** Where packages put the programs of each version; Debian keeps those of servers out of PATH. */
const PLACES: readonly (readonly [parent: string, bin: string])[] = [
  ['/usr/lib/postgresql', 'bin'],
  ['/usr/pgsql', 'bin'],
  ['/usr/libexec', ''],
  ['/opt/homebrew/opt', 'bin'],
  ['/usr/local/opt', 'bin'],
];

/** PostgreSQL's programs of one version. */
export interface Programs {
  readonly directory: string;
  /** 15 */
  readonly major: number;
  /** '15.18' */
  readonly version: string;
  path(name: string): string;
}

function listed(parent: string): readonly string[] {
  try {
    return readdirSync(parent).filter((name) => /^(\d+|postgresql(@?\d+)?)$/.test(name));
  } catch {
    return [];
  }
}

function directories(): readonly string[] {
  const usual = PLACES.flatMap(([parent, bin]) =>
    listed(parent).map((version) => join(parent, version, bin)),
  );
  const path = (process.env['PATH'] ?? '').split(':').filter((entry) => entry.startsWith('/'));
  return [...new Set([...usual, ...path])];
}

/** What programs have said of their version, by their path and when they were changed: an upgrade is noticed. */
const said = new Map<string, string>();

async function versionOf(program: string): Promise<string> {
  const key = `${program} ${statSync(program).mtimeMs}`;
  const known = said.get(key);
  if (known !== undefined) return known;
  const { stdout } = await runChild(program, { args: ['--version'] });
  said.set(key, stdout);
  return stdout;
}

async function programsIn(directory: string, name: string): Promise<Programs | undefined> {
  const stdout = await versionOf(join(directory, name));
  const [, version, major] = /\(PostgreSQL\) ((\d+)\S*)/.exec(stdout) ?? [];
  if (version === undefined) return undefined;
  return { directory, major: Number(major), version, path: (other) => join(directory, other) };
}

function missing(names: readonly string[], directory: string | undefined): HoldfastError {
  const where = directory ?? 'the usual places and PATH';
  const what = names.join(', ');
  const isServer = names.includes('initdb');
  return new HoldfastError('TOOL_MISSING', `PostgreSQL's ${what} were not found in ${where}`, {
    hint: isServer
      ? 'Install the server’s programs (on Debian: apt-get install postgresql), or name a server for scratch copies.'
      : 'Install them (on Debian: apt-get install postgresql-client), or name their directory as `programs`.',
    retryable: false,
    context: { command: names[0] ?? '', names: [...names] },
  });
}

function tooOld(newest: Programs, atLeast: number, why: string): HoldfastError {
  return new HoldfastError(
    'TOOL_TOO_OLD',
    `PostgreSQL's programs here are of version ${newest.version}; ${why} needs ${atLeast}.`,
    {
      hint: `Install the programs of PostgreSQL ${atLeast} or later (on Debian: postgresql-client-${atLeast}, from apt.postgresql.org).`,
      retryable: false,
      context: { found: newest.version, needed: atLeast },
    },
  );
}

/**
 * Finds PostgreSQL's programs, all of one version: of the lowest that will do, since a dump is read back by
 * programs of its own version or a later one.
 *
 * @param names which there must be
 * @param atLeast the major version; `why` says what needs it
 * @throws `TOOL_MISSING`, `TOOL_TOO_OLD`
 */
export async function findPrograms(
  names: readonly string[],
  { programs: directory }: Pick<PostgresAddress, 'programs'>,
  atLeast = 0,
  why = 'this',
): Promise<Programs> {
  const places = (directory === undefined ? directories() : [directory]).filter((place) =>
    names.every((name) => existsSync(join(place, name))),
  );
  const found: Programs[] = [];
  for (const place of places) {
    const one = await programsIn(place, names[0] ?? '').catch(() => undefined);
    if (one !== undefined) found.push(one);
  }
  // Sorting is stable: the usual places come before PATH, where Debian has wrappers that choose by themselves.
  const byVersion = found.toSorted((a, b) => a.major - b.major);
  const newest = byVersion.at(-1);
  if (newest === undefined) throw missing(names, directory);
  const fitting = atLeast === 0 ? newest : byVersion.find(({ major }) => major >= atLeast);
  if (fitting === undefined) throw tooOld(newest, atLeast, why);
  return fitting;
}
