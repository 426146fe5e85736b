import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort, owner } from './host.ts';
import type { Owner } from './host.ts';

/** Where Debian keeps the programs of each version; it puts only some of them in PATH. */
const VERSIONS = '/usr/lib/postgresql';

/** The folder of the newest version's programs; undefined where there is none. */
function programs(): string | undefined {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS) : [];
  return versions
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(VERSIONS, version, 'bin'))
    .find((bin) => ['initdb', 'postgres', 'psql'].every((name) => existsSync(join(bin, name))));
}

const newest = programs();

/** Whether a server can be started here. */
export const hasPostgres = newest !== undefined;

/** What is lacking where {@link hasPostgres} is false, for the message. */
export const POSTGRES_NEEDED = `PostgreSQL: initdb, postgres and psql in ${VERSIONS}/*/bin (package postgresql) not found`;

/** How a server is started. */
export interface PostgresOptions {
  /** Settings as in postgresql.conf. Default: those of PostgreSQL but for fsync, which is off. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A PostgreSQL server on this machine with a cluster of its own. Everybody on this machine may log in without a password. */
export interface PostgresServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** A superuser. */
  readonly user: 'postgres';
  /** The programs of its version: pg_dump, psql, … */
  readonly bin: string;
  /** The cluster's files. */
  readonly directory: string;
  /** A connection string. */
  url(database?: string): string;
  /** Makes an empty database. */
  createDatabase(name: string): void;
  /** Runs statements by `psql`, and gives what they say: unaligned, tuples only. Throws when one fails. */
  sql(statements: string, database?: string): string;
  /** From now on this role needs its password to log in. */
  askPasswordOf(role: string): void;
  /**
   * Stops and starts it, on the same port. Connections are cut: `fast` tells them so, `immediate` is the end of a
   * server whose machine failed, which recovers at the start.
   */
  restart(mode: 'fast' | 'immediate'): Promise<void>;
  /** Stops it; it can be started again. */
  halt(mode: 'fast' | 'immediate'): Promise<void>;
  /** Starts it after {@link halt}; it answers when this resolves. */
  start(): Promise<void>;
  /** Ends it and removes the cluster. */
  stop(): Promise<void>;
}

/** Messages in English, whatever the machine speaks: they are looked at. */
const LANGUAGE = { LC_ALL: 'C', PATH: process.env['PATH'] };

/** Signals of the server's own: https://www.postgresql.org/docs/current/server-shutdown.html */
const SIGNALS = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;

/** One cluster and the process that serves it. */
class Cluster {
  readonly #bin: string;
  readonly #directory: string;
  readonly #owner: Owner | undefined;
  readonly #settings: Readonly<Record<string, string>>;
  #process: ChildProcess | undefined;

  constructor(bin: string, directory: string, options: PostgresOptions, port: number) {
    this.#bin = bin;
    this.#directory = directory;
    this.#owner = owner();
    this.#settings = {
      listen_addresses: '127.0.0.1',
      port: String(port),
      unix_socket_directories: '',
      fsync: 'off',
      ...options.settings,
    };
  }

  async make(): Promise<void> {
    const { uid, gid } = this.#owner ?? {};
    if (uid !== undefined && gid !== undefined) await chown(this.#directory, uid, gid);
    const args = ['-D', this.#directory, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8'];
    execFileSync(join(this.#bin, 'initdb'), [...args, '--no-sync', '--locale=C'], {
      ...this.#owner,
      cwd: this.#directory,
      env: LANGUAGE,
      stdio: 'pipe',
    });
  }

  async start(): Promise<void> {
    const settings = Object.entries(this.#settings).flatMap(([name, value]) => [
      '-c',
      `${name}=${value}`,
    ]);
    const child = spawn(join(this.#bin, 'postgres'), ['-D', this.#directory, ...settings], {
      ...this.#owner,
      cwd: this.#directory,
      env: LANGUAGE,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#process = child;
    const exit = once(child, 'exit');
    const said: string[] = [];
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stderr }).on('line', (line) => {
        if (said.length < 100) said.push(line);
        if (line.includes('ready to accept connections')) resolve();
      });
      void exit.then(() => reject(new Error(`PostgreSQL did not start: ${said.join('; ')}`)));
    });
  }

  async halt(mode: 'fast' | 'immediate'): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(SIGNALS[mode]);
    await exit;
  }
}

/** Starts a server on a free port of 127.0.0.1; it answers when this resolves. It takes some seconds. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const bin = newest;
  if (bin === undefined) throw new Error(`No server can be started: ${POSTGRES_NEEDED}`);
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-postgres-'));
  const port = await freePort();
  const cluster = new Cluster(bin, directory, options, port);
  const url = (database = 'postgres'): string =>
    `postgresql://postgres@127.0.0.1:${port}/${database}`;
  const sql = (statements: string, database?: string): string =>
    execFileSync(
      join(bin, 'psql'),
      ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', url(database), '-c', statements],
      { encoding: 'utf8', stdio: 'pipe' },
    ).trim();
  const stop = async (): Promise<void> => {
    await cluster.halt('immediate');
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await cluster.make();
    await cluster.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    host: '127.0.0.1',
    port,
    user: 'postgres',
    bin,
    directory,
    url,
    sql,
    askPasswordOf: (role) => {
      const access = join(directory, 'pg_hba.conf');
      const rules = readFileSync(access, 'utf8');
      writeFileSync(access, `host all ${role} 127.0.0.1/32 scram-sha-256\n${rules}`);
      sql('select pg_reload_conf()');
    },
    createDatabase: (name) => void sql(`create database "${name}"`),
    halt: (mode) => cluster.halt(mode),
    start: () => cluster.start(),
    restart: async (mode) => {
      await cluster.halt(mode);
      await cluster.start();
    },
    stop,
  };
}
