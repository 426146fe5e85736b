import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { listBackups } from '@holdfast/backups';
import { localObjectStore } from '@holdfast/storage/local';
import { afterEach, beforeEach, expect, it } from 'vitest';

const program = fileURLToPath(new URL('src/main.ts', import.meta.url));

interface Report {
  readonly state: string;
  readonly recoveries: number;
  readonly tasks: readonly { name: string; state: string; attempts: number; recoveries: number }[];
}

interface Service {
  readonly child: ChildProcess;
  readonly url: string;
  readonly recovered: number;
}

let directory: string;
/** Where the service posts its messages: what the test waits for, and holds up. */
let people: Server;
const services: Service[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'embedded-service-'));
  const db = new DatabaseSync(join(directory, 'shop.db'));
  db.exec('CREATE TABLE orders (id INTEGER PRIMARY KEY); INSERT INTO orders VALUES (1), (2)');
  db.close();
  people = createServer();
  people.listen(0, '127.0.0.1');
  await once(people, 'listening');
});

afterEach(async () => {
  for (const { child } of services.splice(0)) child.kill('SIGKILL');
  people.closeAllConnections();
  people.close();
  await rm(directory, { recursive: true, force: true });
});

async function startService(): Promise<Service> {
  const { port } = people.address() as AddressInfo;
  const child = spawn(process.execPath, ['--conditions=@holdfast/source', program], {
    env: {
      ...process.env,
      DATA: directory,
      WEBHOOK: `http://127.0.0.1:${port}/`,
      PORT: '0',
      STOP_TIMEOUT: '50ms',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const [, at = '', recovered = ''] = /^listening on (\d+), (\d+) recovered$/.exec(line) ?? [];
  const service = { child, url: `http://127.0.0.1:${at}`, recovered: Number(recovered) };
  services.push(service);
  return service;
}

async function end(service: Service, signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
  service.child.kill(signal);
  const [code] = (await once(service.child, 'exit')) as [number | null];
  return code;
}

async function startBackup({ url }: Service): Promise<string> {
  const headers = { 'idempotency-key': 'night of 2026-01-05' };
  const response = await fetch(`${url}/backups`, { method: 'POST', headers });
  expect(response.status).toBe(202);
  return ((await response.json()) as { id: string }).id;
}

async function get<T>({ url }: Service, path: string): Promise<T> {
  const response = await fetch(url + path);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

/** Starts a backup, and waits until it is dumped, proven, and about to be told. */
async function startedHalfWay(service: Service): Promise<{ id: string; message: ServerResponse }> {
  const asked = once(people, 'request') as Promise<[unknown, ServerResponse]>;
  const id = await startBackup(service);
  const [, message] = await asked;
  const { state, tasks } = await get<Report>(service, `/backups/${id}`);
  expect(state).toBe('Running');
  expect(tasks.map((task) => task.state)).toEqual(['Completed', 'Completed', 'Running']);
  return { id, message };
}

function answerMessages(): void {
  people.on('request', (_request, response) => response.end());
}

it('goes on where SIGKILL has cut it off', { timeout: 60_000 }, async () => {
  const first = await startService();
  const { id } = await startedHalfWay(first);
  await end(first, 'SIGKILL');

  answerMessages();
  const second = await startService();
  expect(second.recovered).toBe(1);
  expect(await get<Report>(second, `/backups/${id}/outcome`)).toMatchObject({
    state: 'Completed',
    recoveries: 1,
    tasks: [
      { name: 'dumpSqlite', state: 'Completed', attempts: 1, recoveries: 0 },
      { name: 'verifyByRestore', state: 'Completed', attempts: 1, recoveries: 0 },
      { name: 'notify', state: 'Completed', recoveries: 1 },
    ],
  });
  expect(await startBackup(second)).toBe(id);
  const { backups } = await listBackups(localObjectStore(join(directory, 'primary')));
  expect(backups.map(({ proof }) => proof.level)).toEqual(['restored']);
  expect(await end(second, 'SIGTERM')).toBe(0);
});

it('stops on SIGTERM, and goes on at the next start', { timeout: 60_000 }, async () => {
  const first = await startService();
  const { id } = await startedHalfWay(first);
  expect(await end(first, 'SIGTERM')).toBe(0);

  answerMessages();
  const second = await startService();
  expect(second.recovered).toBe(1);
  const { state } = await get<Report>(second, `/backups/${id}/outcome`);
  expect(state).toBe('Completed');
  expect(await get(second, '/backups')).toEqual({ backups: [{ id, state: 'Completed' }] });
});

it('answers what it does not know', { timeout: 60_000 }, async () => {
  const service = await startService();
  const statusOf = async (path: string): Promise<number> =>
    (await fetch(service.url + path)).status;
  expect(await statusOf('/backups/01981e6b-0000-7000-8000-000000000000')).toBe(404);
  expect(await statusOf('/backups/none')).toBe(404);
  expect(await statusOf('/elsewhere')).toBe(404);
});
