import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createEngine, flow, task, type Engine, type RunId } from '@holdfast/core';
import { postgresRunStore } from '@holdfast/storage/postgres';
import { sqliteRunStore } from '@holdfast/storage/sqlite';
import { folder } from '../machine.ts';
import { hasPostgres, POSTGRES_NEEDED, startPostgres } from '../servers/postgres.ts';
import type { PostgresServer } from '../servers/postgres.ts';
import { isProvided } from '../servers/provided.ts';

const PROGRAM = fileURLToPath(new URL('programs/machine.ts', import.meta.url));
const canServe = isProvided(hasPostgres, POSTGRES_NEEDED);

interface Machine {
  /** The next line that it prints. */
  line(): Promise<string>;
  kill(): Promise<void>;
}

/** A process of its own on a store. */
function machine(place: string, act: 'flow' | 'work', cwd: string): Machine {
  const child = spawn(process.execPath, ['--conditions=@holdfast/source', PROGRAM, place, act], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    line: async () => (await lines.next()).value ?? '',
    kill: async () => {
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    },
  };
}

let server: PostgresServer | undefined;
beforeAll(async () => {
  if (canServe) server = await startPostgres();
}, 60_000);
afterAll(() => server?.stop());

function databaseUrl(): string {
  const name = `queues_${Math.trunc(performance.now())}`;
  server?.createDatabase(name);
  return server?.url(name) ?? '';
}

const PLACES = [
  ['SQLite', (directory: string) => join(directory, 'runs.db')],
  ['PostgreSQL', databaseUrl],
] as const;

const render = task(async (film: string) => `${film} here`, { name: 'render', queue: 'gpu' });
const publish = flow(async (films: string[]) => render.map(films), { name: 'publish' });

/** An engine that works on nothing: it looks, and takes up flows. */
function onlooker(place: string): Engine {
  const store = place.startsWith('postgres')
    ? postgresRunStore({ url: place })
    : sqliteRunStore(place);
  const engine = createEngine({ store, flows: [publish] });
  onTestFinished(() => engine.stop());
  return engine;
}

async function tasksOf(engine: Engine, id: string): Promise<unknown[]> {
  const runs = await engine.below(id as RunId);
  return runs.map(({ state, recoveries, attempts }) => [state.type, recoveries, attempts]);
}

describe.each(PLACES)('tasks on a queue, over processes on %s', (name, placeIn) => {
  it.runIf(name !== 'PostgreSQL' || canServe)(
    'go to another worker when theirs is killed, and their flow gets the outcomes',
    async () => {
      const cwd = await folder();
      const place = placeIn(cwd);
      const app = machine(place, 'flow', cwd);
      const id = await app.line();
      const first = machine(place, 'work', cwd);
      expect([await first.line(), await first.line(), await first.line()].toSorted()).toEqual([
        'renders a',
        'renders b',
        'works',
      ]);
      await first.kill();
      const second = machine(place, 'work', cwd);
      expect([await second.line(), await second.line(), await second.line()].toSorted()).toEqual([
        'renders a',
        'renders b',
        'works',
      ]);
      writeFileSync(join(cwd, 'may-end'), '');
      const result = JSON.parse(await app.line()) as string[];
      expect(result).toEqual([
        expect.stringMatching(/^a by \d/),
        expect.stringMatching(/^b by \d/),
      ]);
      expect(await tasksOf(onlooker(place), id)).toEqual([
        ['COMPLETED', 1, 1],
        ['COMPLETED', 1, 1],
      ]);
    },
    60_000,
  );

  it.runIf(name !== 'PostgreSQL' || canServe)(
    'go on when the process of their flow is killed, which another takes up with their outcomes',
    async () => {
      const cwd = await folder();
      const place = placeIn(cwd);
      const app = machine(place, 'flow', cwd);
      const id = await app.line();
      const worker = machine(place, 'work', cwd);
      for (let line = 0; line < 3; line++) await worker.line();
      await app.kill();
      const engine = onlooker(place);
      const { resumed } = await engine.recover();
      expect(resumed.map((handle) => handle.id)).toEqual([id]);
      writeFileSync(join(cwd, 'may-end'), '');
      const result = await resumed[0]?.result();
      expect(result).toEqual([
        expect.stringMatching(/^a by \d/),
        expect.stringMatching(/^b by \d/),
      ]);
      expect(await tasksOf(engine, id)).toEqual([
        ['COMPLETED', 0, 1],
        ['COMPLETED', 0, 1],
      ]);
    },
    60_000,
  );

  it.runIf(name !== 'PostgreSQL' || canServe)(
    'are told to stop in their worker by a cancel from a third process',
    async () => {
      const cwd = await folder();
      const place = placeIn(cwd);
      const app = machine(place, 'flow', cwd);
      const id = (await app.line()) as RunId;
      const worker = machine(place, 'work', cwd);
      for (let line = 0; line < 3; line++) await worker.line();
      await app.kill();
      const engine = onlooker(place);
      const cancelled = engine.cancel(id, 'enough');
      writeFileSync(join(cwd, 'may-end'), '');
      await cancelled;
      const outcome = await (await engine.find(id)).outcome();
      expect(outcome).toMatchObject({ ok: false, state: 'CANCELLED' });
      for (const run of await engine.below(id)) {
        expect(['CANCELLED', 'COMPLETED']).toContain(run.state.type);
      }
    },
    60_000,
  );
});
