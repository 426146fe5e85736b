import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as moment } from 'node:timers/promises';
import {
  proxyConfig,
  RING_PROGRAM,
  STORAGE_SERVERS,
  storageConfig,
  SWIFT_KEYS,
} from './swift-config.ts';
import type { SwiftPorts } from './swift-config.ts';

/** A running S3 service: OpenStack Swift with s3api, as Debian packages it. */
export interface SwiftServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** The names of what is in a container, a bucket's or one of its own, asked in its own protocol. */
  namesIn(container: string): Promise<string[]>;
  stop(): Promise<void>;
}

/** Debian's interpreter: another one first in PATH does not see Debian's modules. */
const PYTHON = '/usr/bin/python3';
const PROGRAMS = [
  'memcached',
  ...[...STORAGE_SERVERS, 'proxy'].map((kind) => `swift-${kind}-server`),
];

/** The programs that this machine lacks. */
export function missingSwiftPrograms(): string[] {
  return PROGRAMS.filter((program) => spawnSync('which', [program]).status !== 0);
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function freePorts(): Promise<SwiftPorts> {
  const [proxy, account, container, object, memcached] = await Promise.all(
    Array.from({ length: 5 }, freePort),
  );
  return {
    proxy: proxy!,
    account: account!,
    container: container!,
    object: object!,
    memcached: memcached!,
  };
}

async function writeConfigs(directory: string, ports: SwiftPorts, user: string): Promise<void> {
  await mkdir(join(directory, 'devices/d1'), { recursive: true });
  for (const kind of STORAGE_SERVERS) {
    await writeFile(join(directory, `${kind}.conf`), storageConfig(kind, directory, ports, user));
  }
  await writeFile(join(directory, 'proxy.conf'), proxyConfig(directory, ports, user));
  const rings = STORAGE_SERVERS.flatMap((kind) => [kind, String(ports[kind])]);
  const { status, stderr } = spawnSync(PYTHON, ['-c', RING_PROGRAM, directory, ...rings], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The rings of Swift could not be written: ${stderr}`);
}

function start(program: string, args: readonly string[]): ChildProcess {
  return spawn(program, args, { stdio: 'ignore', detached: false });
}

/** What Swift itself says of a container: the names of what is in it. */
async function namesIn(port: number, container: string): Promise<string[]> {
  const { accessKeyId: user, secretAccessKey: key } = SWIFT_KEYS;
  const login = await fetch(`http://127.0.0.1:${port}/auth/v1.0`, {
    headers: { 'x-auth-user': user, 'x-auth-key': key },
  });
  const headers = { 'x-auth-token': login.headers.get('x-auth-token') ?? '' };
  const account = login.headers.get('x-storage-url') ?? '';
  const answer = await fetch(`${account}/${encodeURIComponent(container)}?format=json`, {
    headers,
  });
  if (answer.status === 404) return [];
  if (!answer.ok) throw new Error(`Swift answers ${answer.status}`);
  return ((await answer.json()) as { name: string }[]).map(({ name }) => name);
}

/** Whether all of its servers answer, each by itself, and the proxy finds them. */
async function isReady(ports: SwiftPorts): Promise<boolean> {
  try {
    // Whatever they say of it: one that listens answers.
    await Promise.all(STORAGE_SERVERS.map((kind) => fetch(`http://127.0.0.1:${ports[kind]}/`)));
    await namesIn(ports.proxy, '');
    return true;
  } catch {
    return false;
  }
}

async function stop(children: readonly ChildProcess[], directory: string): Promise<void> {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }
  await rm(directory, { recursive: true, force: true });
}

/**
 * Starts Swift on free ports of 127.0.0.1, with its data in a folder of its own. It takes some seconds.
 *
 * @throws when it does not answer within half a minute
 */
export async function startSwift(): Promise<SwiftServer> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-swift-'));
  const ports = await freePorts();
  const user = userInfo().username;
  await writeConfigs(directory, ports, user);
  const children = [
    start('memcached', ['-u', user, '-l', '127.0.0.1', '-p', String(ports.memcached)]),
    ...[...STORAGE_SERVERS, 'proxy'].map((kind) =>
      start(`swift-${kind}-server`, [join(directory, `${kind}.conf`)]),
    ),
  ];
  const server = {
    host: '127.0.0.1',
    port: ports.proxy,
    namesIn: (container: string) => namesIn(ports.proxy, container),
    stop: () => stop(children, directory),
  } as const;
  for (let tries = 0; tries < 300; tries++) {
    if (await isReady(ports)) return server;
    await moment(100);
  }
  await server.stop();
  throw new Error('Swift did not answer in time.');
}
