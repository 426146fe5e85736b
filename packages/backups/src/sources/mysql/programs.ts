import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { HoldfastError, isHoldfastError } from '@holdfast/core';
import type { Workroom } from '../workroom.ts';

/** Which of the two a server or program is. */
export type Flavor = 'MariaDB' | 'MySQL';

/** A client or dump program. */
export interface Tool {
  readonly command: string;
  readonly flavor: Flavor;
  /** '10.11.19' */
  readonly version: string;
}

const NAMES = {
  dump: ['mariadb-dump', 'mysqldump'],
  client: ['mariadb', 'mysql'],
} as const;

async function printed(command: string, room: Workroom): Promise<string | undefined> {
  try {
    const child = await room.startChild(command, { args: ['--version'], signal: room.signal });
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout ?? []) chunks.push(chunk as Buffer);
    await child.done;
    return Buffer.concat(chunks).toString('utf8');
  } catch (error) {
    room.signal.throwIfAborted();
    if (isHoldfastError(error) && error.code.startsWith('TOOL_')) return undefined;
    throw error;
  }
}

/** Reads `mariadb-dump  Ver 10.19 Distrib 10.11.19-MariaDB, …` and `mysqldump  Ver 8.0.36 for …`. */
function parseVersion(text: string): Pick<Tool, 'flavor' | 'version'> | undefined {
  const version = /(?:Distrib |from |Ver )(\d+\.\d+\.\d+)/.exec(text)?.[1];
  if (version === undefined) return undefined;
  return { version, flavor: /mariadb/i.test(text) ? 'MariaDB' : 'MySQL' };
}

/**
 * Finds a program of MariaDB, else of MySQL.
 *
 * @throws `TOOL_MISSING`
 */
export async function findTool(which: keyof typeof NAMES, room: Workroom): Promise<Tool> {
  for (const command of NAMES[which]) {
    const found = parseVersion((await printed(command, room)) ?? '');
    if (found !== undefined) return { command, ...found };
  }
  throw missing(NAMES[which], 'mariadb-client');
}

function missing(names: readonly string[], debian: string): HoldfastError {
  return new HoldfastError('TOOL_MISSING', `Neither ${names.join(' nor ')} was found.`, {
    hint: `Install one of them (on Debian: apt-get install ${debian}).`,
    retryable: false,
    context: { command: names[0] ?? '' },
  });
}

/** Where the programs of servers are, which are often not in a user's PATH. */
const PLACES = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/usr/bin', '/usr/libexec'];

/** The path of a server's program; undefined where there is none. */
function pathOf(name: string): string | undefined {
  const path = (process.env['PATH'] ?? '').split(':').filter((entry) => entry.startsWith('/'));
  return [...path, ...PLACES].map((place) => join(place, name)).find((file) => existsSync(file));
}

/** What starts a server of one's own. */
export interface ServerPrograms {
  readonly flavor: Flavor;
  readonly server: string;
  /** Makes the system tables; undefined where the server does that itself. */
  readonly installer?: string;
}

/**
 * Finds the programs of a server: of the flavor that is wanted, else of the other.
 *
 * @throws `TOOL_MISSING`
 */
export function findServerPrograms(wanted: Flavor): ServerPrograms {
  const mariadb = pathOf('mariadbd');
  const installer = pathOf('mariadb-install-db');
  const mysql = pathOf('mysqld');
  const found: ServerPrograms[] = [];
  if (mariadb !== undefined && installer !== undefined) {
    found.push({ flavor: 'MariaDB', server: mariadb, installer });
  } else if (mysql !== undefined) found.push({ flavor: 'MySQL', server: mysql });
  const programs = found.find(({ flavor }) => flavor === wanted) ?? found[0];
  if (programs !== undefined) return programs;
  throw missing(['mariadbd', 'mysqld'], 'mariadb-server');
}
