import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listBackups } from '@holdfast/backups';
import { localObjectStore } from '@holdfast/storage/local';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Ended, runProgram } from '../../test/run-program.ts';

const program = fileURLToPath(new URL('src/main.ts', import.meta.url));
const LINES = ['{"id":1}', '{"id":2}', '{"id":3}'];
let directory: string;
let service: Server | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'custom-source-'));
});

afterEach(async () => {
  service?.closeAllConnections();
  service?.close();
  await rm(directory, { recursive: true, force: true });
});

/** Backs up a service that says how many records it has, and exports these. */
async function backUp(count: number, lines: readonly string[]): Promise<Ended> {
  service = createServer((_request, response) => {
    response.writeHead(200, { 'x-record-count': String(count) });
    response.end(`${lines.join('\n')}\n`);
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  const { port } = service.address() as AddressInfo;
  return runProgram(program, [`http://127.0.0.1:${port}`, directory], directory);
}

it('proves a dump that holds what the source says', { timeout: 60_000 }, async () => {
  const { code, stdout } = await backUp(3, LINES);
  expect(stdout).toMatch(/^records\/.*\/: restored, 3 rows\n$/);
  expect(code).toBe(0);
  const { backups } = await listBackups(localObjectStore(join(directory, 'primary')));
  expect(backups.map(({ proof }) => proof.level)).toEqual(['restored']);
});

it('does not call a dump proven that lost a record', { timeout: 60_000 }, async () => {
  const { code, stderr } = await backUp(4, LINES);
  expect(stderr).toMatch(/^BACKUP_NOT_PROVEN: .*records \(VERIFY_FAILED\)/m);
  expect(code).toBe(1);
});
