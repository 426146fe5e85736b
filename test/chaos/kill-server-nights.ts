import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { secret } from '@holdfast/core';
import { filesUnder, type SecretCanary, secretCanary } from '@holdfast/core/testing';
import { startMariadb } from '../servers/mariadb.ts';
import { startPostgres } from '../servers/postgres.ts';
import { startRedis } from '../servers/redis.ts';
import { runAndKill } from './kill.ts';
import { Watch } from './watch.ts';

const PROGRAM = fileURLToPath(new URL('programs/server-nights.ts', import.meta.url));
/** Milliseconds: kills hit the start, the recovery, dumps, scratch servers, copies. */
const SPAN = 8000;
const PASSWORD = 'HOLDFAST_NIGHT_PASSWORD';

/** What all the kills together showed. */
export interface ServerNightsReport {
  readonly kills: number;
  /** Backups and copies that were listed. */
  readonly listed: number;
  /** Recovery points that were listed. */
  readonly points: number;
  readonly damaged: readonly string[];
  readonly changed: readonly string[];
  /** Where the password or the key was found. */
  readonly leaked: readonly string[];
  /** What was left of killed processes after one that was not: programs, and scratch places. */
  readonly left: readonly string[];
}

/** Ends with each server that was started, however far that came. */
class Servers {
  readonly #stops: (() => Promise<void>)[] = [];

  /** Starts all three, with something in them, behind one password. */
  async start(password: string): Promise<string> {
    const quoted = password.replaceAll(/[\\']/g, String.raw`\$&`);
    const postgres = await startPostgres();
    this.#stops.push(() => postgres.stop());
    postgres.createDatabase('shop');
    postgres.sql(
      `CREATE TABLE orders AS SELECT n AS id, md5(n::text) AS note FROM generate_series(1, 20000) n;
       CREATE VIEW recent AS SELECT * FROM orders WHERE id > 19000`,
      'shop',
    );
    postgres.sql(`CREATE ROLE keeper SUPERUSER LOGIN PASSWORD E'${quoted}'`);
    postgres.askPasswordOf('keeper');
    const mariadb = await startMariadb();
    this.#stops.push(() => mariadb.stop());
    mariadb.sql(
      `CREATE DATABASE shop; USE shop; CREATE TABLE shop.orders AS SELECT seq AS id, md5(seq) AS note FROM seq_1_to_20000;
       CREATE USER keeper@'127.0.0.1' IDENTIFIED BY '${quoted}'; GRANT ALL ON *.* TO keeper@'127.0.0.1'`,
    );
    const redis = await startRedis({ password });
    this.#stops.push(() => redis.stop());
    redis.pipe(Array.from({ length: 5000 }, (_, n) => `SET key:${n} value${n}`).join('\n'));
    return [postgres.port, mariadb.port, redis.port].join(',');
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops.toReversed()) await stop();
  }
}

/** What /proc tells of a process, in one text; empty where it is gone. */
function tellsOf(pid: string): string {
  const read = (name: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${name}`, 'latin1');
    } catch {
      return '';
    }
  };
  return `${read('cmdline')} ${read('environ')}`.replaceAll('\0', ' ');
}

/** Programs that have to do with a directory, by their arguments or their environment. */
function programsOf(directory: string): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(tellsOf).filter((text) => text.includes(directory));
}

class Nights {
  readonly #canary: SecretCanary = secretCanary();
  readonly #directory: string;
  readonly #servers = new Servers();
  readonly leaked: string[] = [];
  #args: readonly string[] = [];
  #key = '';

  constructor(directory: string) {
    this.#directory = directory;
  }

  async prepare(): Promise<Watch[]> {
    const within = join(this.#directory, 'within');
    const files = join(within, 'files');
    await mkdir(files, { recursive: true });
    for (let n = 0; n < 200; n++) await writeFile(join(files, `note ${n}`), 'x'.repeat(n * 50));
    const ports = await this.#servers.start(this.#canary.value);
    const text = execFileSync('age-keygen', {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#key = /^AGE-SECRET-KEY-.*$/m.exec(text)?.[0] ?? '';
    const identity = join(this.#directory, 'identity');
    await writeFile(identity, text, { mode: 0o600 });
    process.env[PASSWORD] = this.#canary.value;
    this.#args = [within, ports, /public key: (\S+)/.exec(text)?.[1] ?? '', identity];
    const identities = [secret(`file:${identity}`)];
    return ['primary', 'vault'].map((name) => new Watch(within, name, identities));
  }

  async kill(): Promise<void> {
    const said = await runAndKill(PROGRAM, this.#args, SPAN, 'up');
    if (said.complaints !== '') throw new Error(`the process complained:\n${said.complaints}`);
    await this.#look(said);
  }

  /** Lets one process end what was interrupted, and tells what is left then. */
  async end(): Promise<string[]> {
    const args = ['--conditions=@holdfast/source', PROGRAM, ...this.#args, 'once'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) throw new Error(`the last process ended with ${code}`);
    const [within = ''] = this.#args;
    await this.#look({ everything: filesUnder(within) });
    const scratch = await readdir(join(within, 'scratch')).catch(() => []);
    return [...programsOf(within), ...scratch];
  }

  async stop(): Promise<void> {
    delete process.env[PASSWORD];
    await this.#servers.stop();
  }

  /** What was killed may have left a login file in its scratch place: all else is looked into at once. */
  async #look(more: object): Promise<void> {
    const [within = ''] = this.#args;
    const stores = ['primary', 'vault'].map((name) => filesUnder(join(within, name)));
    const places = { ...more, stores, runs: readFileSync(join(within, 'runs.db')) };
    const found = await this.#canary.findIn(places);
    this.leaked.push(...found.map(({ where }) => where));
    if (readFileSync(join(within, 'runs.db')).includes(this.#key)) this.leaked.push('the key');
  }
}

/** Kills a process that backs servers up at night, encrypted, again and again at random; the next one recovers. */
export async function killServerNights(kills: number): Promise<ServerNightsReport> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-server-nights-'));
  const nights = new Nights(directory);
  try {
    const watches = await nights.prepare();
    for (let kill = 0; kill < kills; kill++) {
      await nights.kill();
      for (const watch of watches) await watch.look();
    }
    const left = await nights.end();
    for (const watch of watches) await watch.look();
    return {
      kills,
      listed: watches.reduce((sum, watch) => sum + watch.listed, 0),
      points: watches.reduce((sum, watch) => sum + watch.points.size, 0),
      damaged: watches.flatMap((watch) => watch.damaged),
      changed: watches.flatMap((watch) => watch.changed),
      leaked: nights.leaked,
      left,
    };
  } finally {
    await nights.stop();
    await rm(directory, { recursive: true, force: true });
  }
}
