import { describe, expect, it } from 'vitest';
import { listBackups, restoreFromStore, verifyBackup } from '@holdfast/backups';
import { canRun, type Dumped, postgresRooms } from './support/postgres-rooms.ts';

/** Values whose text depends on settings, a partition whose columns have another order, and what is made anew. */
const MANY = `
CREATE TABLE valued (id int, f float8, r real, m money, at timestamptz, d date, span interval, bytes bytea, j jsonb,
  who regclass, list text[], x xml, "a ""b" text, twice int GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO valued (id, f, r, m, at, d, span, bytes, j, who, list, x, "a ""b")
  SELECT n, 1 / (n + 2)::float8, 1 / (n + 2)::real, n, now() + n * interval '1 h', current_date + n, n * interval '25 h 3 s',
    decode(md5(n::text), 'hex'), jsonb_build_object('n', n, 'a', 'ü😀'), 'valued', ARRAY['a,b', NULL, ''], '<a/>',
    CASE n % 3 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE E'\\\\ "q", \\n' END
  FROM generate_series(1, 200) n;
CREATE TABLE days (id int, day date, gone int) PARTITION BY RANGE (day);
ALTER TABLE days DROP COLUMN gone;
CREATE TABLE days_2026 (day date NOT NULL, more text, id int);
ALTER TABLE days_2026 DROP COLUMN more;
ALTER TABLE days ATTACH PARTITION days_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO days VALUES (1, '2026-05-05'), (2, '2026-06-06');
CREATE TABLE wide (text text);
INSERT INTO wide SELECT repeat(md5(n::text), 20) FROM generate_series(1, 2000) n;
CREATE TABLE nothing ();
INSERT INTO nothing DEFAULT VALUES;
SELECT lo_from_bytea(17, decode(repeat('00ff', 1048576), 'hex')), lo_from_bytea(18, ''), lo_from_bytea(19, 'x');
`;

const pg = postgresRooms((server) => {
  server.createDatabase('many');
  server.sql(MANY, 'many');
  server.sql(`ALTER DATABASE many SET DateStyle = 'German'; ALTER DATABASE many SET TimeZone = 'Asia/Tokyo';
    ALTER ROLE postgres SET extra_float_digits = -5; ALTER ROLE postgres SET bytea_output = 'escape'`);
});

async function contentIn({ store }: Dumped): Promise<readonly string[]> {
  const { fingerprint } = (await listBackups(store)).backups[0]!.manifest;
  const [database] = fingerprint.kind === 'server' ? fingerprint.databases : [];
  const names = database?.objects.map(({ objects }) => objects) ?? [];
  return names.filter((name) => name.startsWith('content of ')).map((name) => name.slice(11));
}

const EVERYTHING = [
  'large objects',
  'public.days_2026',
  'public.nothing',
  'public.valued',
  'public.wide',
];

describe.skipIf(!canRun)('what is hashed of PostgreSQL', { timeout: 120_000 }, () => {
  it('is the same in a copy, whatever the settings that values are shown by', async () => {
    const dumped = await pg.dump({ databases: 'many', hashUpTo: Infinity });
    expect(await contentIn(dumped)).toEqual(EVERYTHING);
    await verifyBackup(dumped);
    pg.server.sql('ALTER ROLE postgres SET extra_float_digits = 1');
    await verifyBackup({ ...dumped, scratchServer: pg.target() });
  });

  it('is everything of a small database, unless less is asked for: from the smallest table up', async () => {
    const upTo = async (more: object) => contentIn(await pg.dump({ databases: 'many', ...more }));
    expect(await upTo({})).toEqual(EVERYTHING);
    expect(await upTo({ hashUpTo: 0 })).toEqual([]);
    expect(await upTo({ hashUpTo: 200_000 })).toEqual(EVERYTHING.slice(1, 4));
  });

  it('is compared of single tables, too', async () => {
    const dumped = await pg.dump({ databases: 'many' });
    const { store, scratchRoot } = dumped;
    const tables = ['public.wide', 'public.valued'];
    const work = { store, set: 'shop', scratchRoot, tables };
    await restoreFromStore({ ...work, to: pg.target({ database: 'some' }) });
    expect(pg.server.sql('SELECT count(*) FROM wide', 'some')).toBe('2000');
  });
});
