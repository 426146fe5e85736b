import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { hasMariadb, MARIADB_NEEDED } from '../servers/mariadb.ts';
import { hasPostgres, POSTGRES_NEEDED } from '../servers/postgres.ts';
import { isProvided } from '../servers/provided.ts';
import { hasRedis, REDIS_NEEDED } from '../servers/redis.ts';
import { killServerNights } from './kill-server-nights.ts';
import { runsOr } from './kill.ts';

const needs = [
  isProvided(hasPostgres, POSTGRES_NEEDED),
  isProvided(hasMariadb, MARIADB_NEEDED),
  isProvided(hasRedis, REDIS_NEEDED),
  isProvided(spawnSync('age-keygen', ['--version']).status === 0, 'the program age-keygen'),
];

it.skipIf(needs.includes(false))(
  'lists whole backups of servers alone, tells no password and leaves no program, over many kills at random',
  async () => {
    const report = await killServerNights(runsOr(50));
    expect(report).toMatchObject({ damaged: [], changed: [], leaked: [], left: [] });
    expect(report.listed).toBeGreaterThan(0);
    expect(report.points).toBeGreaterThan(0);
    console.log(
      `${report.kills} kills: ${report.listed} backups and copies and ${report.points} recovery points listed, all whole`,
    );
  },
);
