import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { memoryObjectStore, secret } from '@holdfast/core';
import {
  fileTree,
  type PostgresSourceOptions,
  postgresSource,
  preflight,
  type Source,
  type SourceSpec,
  sourceOfKind,
  sqliteSource,
} from '@holdfast/backups';
import { localObjectStore } from '@holdfast/storage/local';
import { makeOrders } from './support/databases.ts';
import { replacing } from './support/liar-programs.ts';
import { askForPasswords, canRun, makeUser, postgresRooms } from './support/postgres-rooms.ts';
import { keysOf, leftIn, testRooms } from './support/rooms.ts';

describe('a preflight', () => {
  const rooms = testRooms();

  it('finds nothing where all is well, and writes nothing', async () => {
    const store = memoryObjectStore();
    const path = join(rooms.root, 'orders.db');
    makeOrders(path, 1);
    const specs = [
      sqliteSource({ name: 'orders', path }),
      fileTree({ name: 'x', path: rooms.root }),
    ];
    const { scratchRoot } = rooms;
    const report = await preflight({ specs, stores: { primary: store }, scratchRoot });
    expect(report).toEqual({ ok: true, findings: [] });
    expect(await keysOf(store)).toEqual([]);
    expect(await leftIn(scratchRoot)).toEqual([]);
  });

  it('tells of files and directories that are not there', async () => {
    const path = join(rooms.root, 'nothing');
    const specs = [sqliteSource({ name: 'orders', path }), fileTree({ name: 'site', path })];
    const { ok, findings } = await preflight({ specs, scratchRoot: rooms.scratchRoot });
    expect(ok).toBe(false);
    expect(findings).toMatchObject([
      { about: 'source orders', code: 'SOURCE_MISSING' },
      { about: 'source site', code: 'SOURCE_MISSING' },
    ]);
  });

  it('tells of kinds that nobody knows and stores that do not answer', async () => {
    const nowhere = localObjectStore(join(rooms.root, 'not mounted'), { create: false });
    const { ok, findings } = await preflight({
      specs: [{ kind: 'unheard', name: 'of' }],
      stores: { vault: nowhere },
      scratchRoot: rooms.scratchRoot,
    });
    expect(ok).toBe(false);
    expect(findings).toMatchObject([
      { about: 'source of', code: 'SOURCE_KIND_UNKNOWN', severity: 'error' },
      { about: 'store vault', severity: 'error' },
    ]);
  });

  it('asks a source of one’s own, and goes on over warnings', async () => {
    const own: Source = {
      ...(sourceOfKind('sqlite') as Source),
      kind: 'own',
      preflight: ({ name }: SourceSpec) =>
        Promise.resolve([{ code: 'OLD', severity: 'warning', message: `${name} is old` }]),
    };
    const { ok, findings } = await preflight({
      specs: [{ kind: 'own', name: 'mine' }],
      sources: [own],
      scratchRoot: rooms.scratchRoot,
    });
    expect(ok).toBe(true);
    expect(findings).toEqual([
      { about: 'source mine', code: 'OLD', severity: 'warning', message: 'mine is old' },
    ]);
  });
});

describe.skipIf(!canRun)('a preflight of PostgreSQL', { timeout: 60_000 }, () => {
  const pg = postgresRooms((server) => {
    makeUser(server, 'reader', 'good', 'IN ROLE pg_read_all_data');
    makeUser(server, 'plain', 'good');
    server.createDatabase('shop');
    server.sql('CREATE TABLE orders (id serial); CREATE TABLE "My Notes" (id int)', 'shop');
    server.sql('ALTER TABLE "My Notes" ENABLE ROW LEVEL SECURITY', 'shop');
    server.createDatabase('open');
    askForPasswords(server);
  });
  afterEach(() => {
    delete process.env['SHOP_PASSWORD'];
  });

  async function look(user: string, more: Partial<PostgresSourceOptions> = {}, value = 'good') {
    process.env['SHOP_PASSWORD'] = value;
    const { host, port } = pg.server;
    const password = secret('env:SHOP_PASSWORD');
    const spec = { name: 'shop', host, port, user, password, databases: 'open', ...more };
    const { scratchRoot } = pg.rooms;
    return preflight({ specs: [postgresSource(spec)], scratchRoot });
  }

  it('finds nothing where a dump and its proof could be made', async () => {
    expect(await look('reader')).toEqual({ ok: true, findings: [] });
  });

  it('names the tables that may not be read, and those with rows that policies hide', async () => {
    const { findings } = await look('plain', { databases: 'shop' });
    expect(findings.map(({ message }) => message.replace(/^.*?: /, ''))).toEqual([
      'the user may not read public."My Notes", public.orders, public.orders_id_seq',
      'policies hide rows of public."My Notes" from the user',
    ]);
    expect(findings[0]).toMatchObject({ code: 'SOURCE_UNREADABLE', severity: 'error' });
    const reader = await look('reader', { databases: 'shop' });
    expect(reader.findings).toHaveLength(1);
  });

  const wrong: readonly (readonly [string, Partial<PostgresSourceOptions>, string, string])[] = [
    ['a wrong password', {}, 'wrong', 'SOURCE_LOGIN_REFUSED'],
    ['a missing secret', {}, '', 'SECRET_MISSING'],
    ['a missing database', { databases: 'none' }, 'good', 'SOURCE_MISSING'],
    ['a server that is down', { port: 1 }, 'good', 'SOURCE_UNREACHABLE'],
    ['missing programs', { programs: '/nonexistent' }, 'good', 'TOOL_MISSING'],
    ['passwords of roles', { globals: 'with-passwords' }, 'good', 'SOURCE_UNREADABLE'],
  ];

  it.each(wrong)('tells of %s', async (_what, more, value, code) => {
    const { ok, findings } = await look('reader', more, value);
    expect(ok).toBe(false);
    expect(findings).toMatchObject([{ about: 'source shop', code, severity: 'error' }]);
    expect(findings[0]?.hint).toBeTruthy();
  });

  it('tells of programs that are older than the server', async () => {
    const directory = join(pg.rooms.root, 'old');
    const programs = await replacing(pg.server.bin, 'pg_dump', 'exit 1', directory, '9.6');
    const { findings } = await look('reader', { programs });
    expect(findings).toMatchObject([{ code: 'TOOL_TOO_OLD' }]);
  });
});
