import { expect, it, onTestFinished } from 'vitest';
import { killRunWriters } from './chaos/kill-run-writers.ts';
import { hasPostgres, POSTGRES_NEEDED, startPostgres } from './servers/postgres.ts';
import { isProvided } from './servers/provided.ts';

// The short form of test/chaos/kill-run-writers.chaos.ts.
it('loses no acknowledged transition of a writer after SIGKILL', { timeout: 120_000 }, async () => {
  const { kills, acknowledged, lost, broken } = await killRunWriters(5);
  expect({ kills, lost, broken }).toEqual({ kills: 5, lost: [], broken: [] });
  expect(acknowledged).toBeGreaterThan(0);
});

it.runIf(isProvided(hasPostgres, POSTGRES_NEEDED))(
  'loses none in PostgreSQL either',
  { timeout: 180_000 },
  async () => {
    const server = await startPostgres();
    onTestFinished(() => server.stop());
    const { kills, acknowledged, lost, broken } = await killRunWriters(5, server.url());
    expect({ kills, lost, broken }).toEqual({ kills: 5, lost: [], broken: [] });
    expect(acknowledged).toBeGreaterThan(0);
  },
);
