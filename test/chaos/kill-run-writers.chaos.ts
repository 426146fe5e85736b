import { expect, it } from 'vitest';
import { killRunWriters } from './kill-run-writers.ts';
import { runsOr } from './kill.ts';
import { hasPostgres, POSTGRES_NEEDED, startPostgres } from '../servers/postgres.ts';
import { isProvided } from '../servers/provided.ts';

const HALF_AN_HOUR = 1_800_000;

it(
  'loses no acknowledged transition, over many kills of a writer at random',
  async () => {
    const { kills, acknowledged, lost, broken } = await killRunWriters(runsOr(100));
    expect({ lost, broken }).toEqual({ lost: [], broken: [] });
    expect(acknowledged).toBeGreaterThan(kills);
    console.log(`${kills} kills: ${acknowledged} transitions and claims acknowledged, none lost`);
  },
  HALF_AN_HOUR,
);

it.runIf(isProvided(hasPostgres, POSTGRES_NEEDED))(
  'loses none in PostgreSQL either',
  async () => {
    const server = await startPostgres();
    try {
      const { kills, acknowledged, lost, broken } = await killRunWriters(runsOr(100), server.url());
      expect({ lost, broken }).toEqual({ lost: [], broken: [] });
      expect(acknowledged).toBeGreaterThan(kills);
      console.log(`PostgreSQL, ${kills} kills: ${acknowledged} acknowledged, none lost`);
    } finally {
      await server.stop();
    }
  },
  HALF_AN_HOUR,
);
