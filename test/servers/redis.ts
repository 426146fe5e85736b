import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const PROGRAMS = ['redis-server', 'redis-cli', 'redis-check-rdb'];

/** Whether a server can be started here. */
export const hasRedis = PROGRAMS.every(
  (name) => spawnSync(name, ['--version']).error === undefined,
);

/** What is lacking where {@link hasRedis} is false, for the message. */
export const REDIS_NEEDED = `Redis: ${PROGRAMS.join(', ')} (package redis-server) not found`;

/** How a server is started. */
export interface RedisOptions {
  /** Default: none is asked for. */
  readonly password?: string;
  /** Settings beside ours: `{ 'tls-port': '7000' }`. Default: none. */
  readonly settings?: Readonly<Record<string, string>>;
  /** An RDB file to begin with: its directory and name. Default: empty. */
  readonly load?: { readonly directory: string; readonly name: string };
}

/** A Redis server on a free port of 127.0.0.1, which keeps nothing on the disk. */
export interface RedisServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** The path of its socket. */
  readonly socket: string;
  /** Runs a command by redis-cli, and gives what it prints. Throws when it fails. */
  cli(...args: string[]): string;
  /** Sends commands, one a line, without waiting for each answer. */
  pipe(commands: string): void;
  /** Ends it and removes its directory. */
  stop(): Promise<void>;
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function argumentsFor(port: number, directory: string, options: RedisOptions): string[] {
  const { password, load } = options;
  const settings = {
    bind: '127.0.0.1',
    port: String(port),
    unixsocket: join(directory, 's'),
    dir: load?.directory ?? directory,
    dbfilename: load?.name ?? 'none.rdb',
    save: '',
    appendonly: 'no',
    'repl-diskless-sync-delay': '0',
    ...(password === undefined ? {} : { requirepass: password }),
    ...options.settings,
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}

/** Starts a server; it answers when this resolves. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  if (!hasRedis) throw new Error(`No server can be started: ${REDIS_NEEDED}`);
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-redis-'));
  const port = await freePort();
  const child = spawn('redis-server', argumentsFor(port, directory, options), {
    cwd: directory,
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exit = once(child, 'exit');
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await exit;
    await rm(directory, { recursive: true, force: true });
  };
  const said: string[] = [];
  const ready = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (said.length < 100) said.push(line);
      if (line.includes('Ready to accept connections')) resolve();
    });
    void exit.then(() => reject(new Error(`Redis did not start: ${said.join('; ')}`)));
  });
  try {
    await ready;
  } catch (error) {
    await stop();
    throw error;
  }
  const { password } = options;
  const env = {
    PATH: process.env['PATH'],
    ...(password === undefined ? {} : { REDISCLI_AUTH: password }),
  };
  const run = (args: string[], input?: string): string =>
    execFileSync('redis-cli', ['-e', '-h', '127.0.0.1', '-p', String(port), ...args], {
      encoding: 'utf8',
      env,
      stdio: 'pipe',
      ...(input === undefined ? {} : { input }),
    }).trim();
  return {
    host: '127.0.0.1',
    port,
    socket: join(directory, 's'),
    cli: (...args) => run(args),
    pipe: (commands) => void run(['--pipe'], commands.replaceAll('\n', '\r\n')),
    stop,
  };
}
