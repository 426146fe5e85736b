import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  hasPostgres,
  POSTGRES_NEEDED,
  type PostgresServer,
  startPostgres,
} from '../../test/servers/postgres.ts';
import { isProvided } from '../../test/servers/provided.ts';

const program = fileURLToPath(new URL('src/main.ts', import.meta.url));

const canRun = isProvided(hasPostgres, POSTGRES_NEEDED);

describe.skipIf(!canRun)('the service', { timeout: 120_000 }, () => {
  let directory: string;
  let server: PostgresServer;
  let child: ChildProcess | undefined;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'fastify-service-'));
    await mkdir(join(directory, 'uploads'));
    await writeFile(join(directory, 'uploads', 'cat.png'), 'a picture of a cat');
    server = await startPostgres();
    server.sql("CREATE ROLE backup LOGIN PASSWORD 'night and day' IN ROLE pg_read_all_data");
    server.createDatabase('shop');
    server.sql('CREATE TABLE orders (id serial); INSERT INTO orders DEFAULT VALUES', 'shop');
  }, 60_000);

  afterEach(async () => {
    child?.kill('SIGKILL');
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  }, 60_000);

  async function start(): Promise<string> {
    child = spawn(process.execPath, ['--conditions=@holdfast/source', program], {
      env: {
        ...process.env,
        DATA: directory,
        DB_HOST: server.host,
        DB_PORT: String(server.port),
        PORT: '0',
        SHOP_PASSWORD: 'night and day',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(child.stdout!), 'line')) as [string];
    return /^listening on (\S+)$/.exec(line)?.[1] ?? expect.fail(line);
  }

  it('backs up database and files, proves both, and stops when it is told', async () => {
    const url = await start();
    expect(await (await fetch(`${url}/preflight`)).json()).toEqual({ ok: true, findings: [] });
    expect((await fetch(`${url}/backups`)).status).toBe(503);

    const started = await fetch(`${url}/backups`, { method: 'POST' });
    expect(started.status).toBe(202);
    const { id } = (await started.json()) as { id: string };
    const ended = await fetch(`${url}/backups/${id}`);
    expect(await ended.json()).toEqual({ state: 'Completed' });

    const stands = await fetch(`${url}/backups`);
    expect(stands.status).toBe(200);
    expect(await stands.json()).toMatchObject([
      { set: 'shop', proven: 'restored' },
      { set: 'uploads', proven: 'restored' },
    ]);
    child?.kill('SIGTERM');
    expect(await once(child!, 'exit')).toEqual([0, null]);
  });

  it('says before the night that the database cannot be reached', async () => {
    const url = await start();
    await server.halt('immediate');
    expect(await (await fetch(`${url}/preflight`)).json()).toMatchObject({
      ok: false,
      findings: [{ about: 'source shop', code: 'SOURCE_UNREACHABLE', severity: 'error' }],
    });
    expect((await fetch(`${url}/backups/none`)).status).toBe(404);
  });
});
