import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { memoryObjectStore, secret } from '@holdfast/core';
import { type Child, type ChildOptions, startChild } from '@holdfast/core/process';
import {
  createBackup,
  postgresSource,
  type PostgresSourceOptions,
  postgresTarget,
  restoreFromStore,
  verifyBackup,
} from '@holdfast/backups';
import { askForPasswords, canRun, makeUser, postgresRooms } from './support/postgres-rooms.ts';
import { bytesOf, keysOf } from './support/rooms.ts';

const PASSWORDS = [
  '#hash at the beginning',
  String.raw`back\slash\\twice`,
  `quotes ' " and $(false) \`false\``,
  'colons:::at:the:end:',
  ' spaces around ',
  'grüße 密码 😀',
  'a=b&c?d@e/f%20',
  '*',
];

const NAMES = [
  'two  spaces',
  `quotes ' "`,
  '-rf',
  '--dbname=postgres',
  'emoji 😀',
  'host=127.0.0.1 dbname=template1',
  'postgres://127.0.0.1/template1',
  'line\nfeed',
  String.raw`back\slash`,
  'UPPER and lower',
  'all',
  'x'.repeat(63),
];

const pg = postgresRooms((server) => {
  for (const [index, password] of PASSWORDS.entries()) {
    makeUser(server, `user ${index}`, password, 'SUPERUSER');
  }
  makeUser(server, 'plain', 'plain password');
  makeUser(server, 'reader', 'reader password', 'IN ROLE pg_read_all_data');
  for (const name of NAMES) {
    server.sql(`CREATE DATABASE "${name.replaceAll('"', '""')}"`);
  }
  server.createDatabase('shop');
  server.sql(
    'CREATE TABLE orders (id int); INSERT INTO orders VALUES (1); REVOKE CREATE ON SCHEMA public FROM public',
    'shop',
  );
  server.createDatabase('walled');
  server.sql(
    'CREATE TABLE notes (id int); ALTER TABLE notes ENABLE ROW LEVEL SECURITY; ALTER TABLE notes FORCE ROW LEVEL SECURITY',
    'walled',
  );
  askForPasswords(server);
});

const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
});

function source(user: string, more: Partial<PostgresSourceOptions> = {}) {
  const { host, port } = pg.server;
  const password = secret('env:SHOP_PASSWORD');
  return postgresSource({ name: 'shop', host, port, user, password, databases: 'shop', ...more });
}

/** Starts children, and looks what can be seen of them. */
function watcher() {
  const seen: string[] = [];
  const start = async (command: string, options: ChildOptions = {}): Promise<Child> => {
    const child = await startChild(command, options);
    seen.push(JSON.stringify(options.args), JSON.stringify(options.env ?? {}));
    for (const file of ['cmdline', 'environ']) {
      seen.push(readFileSync(`/proc/${child.identity.pid}/${file}`, 'utf8'));
    }
    return child;
  };
  return { seen, start };
}

describe.skipIf(!canRun)('a PostgreSQL source', { timeout: 180_000 }, () => {
  it.each(PASSWORDS.map((password, index) => [password, `user ${index}`]))(
    'logs in with the password %s, which nobody can see',
    async (password, user) => {
      process.env['SHOP_PASSWORD'] = password;
      const { seen, start } = watcher();
      const store = memoryObjectStore();
      const work = { scratchRoot: pg.rooms.scratchRoot, startChild: start };
      const backup = await createBackup({ ...work, source: source(user), store, storeName: 'p' });
      const scratchServer = postgresTarget({
        host: pg.server.host,
        port: pg.server.port,
        user,
        password: secret('env:SHOP_PASSWORD'),
      });
      const check = ({ server }: { readonly server: { readonly password?: string } }) => {
        expect(server.password).toBe(password);
      };
      await verifyBackup({ ...work, backup, store, scratchServer, check });
      const stored = await Promise.all((await keysOf(store)).map((key) => bytesOf(store, key)));
      for (const text of [...seen, ...stored.map(String)]) {
        if (password.length > 3) expect(text).not.toContain(password);
      }
      expect(seen.length).toBeGreaterThan(20);
    },
  );

  it('takes any name of a database', async () => {
    const dumped = await pg.dump({ databases: NAMES });
    await verifyBackup(dumped);
    await verifyBackup({ ...dumped, scratchServer: pg.target() });
    const { store, scratchRoot } = dumped;
    for (const from of ['postgres://127.0.0.1/template1', `quotes ' "`]) {
      const to = pg.target({ from, database: `${from} again` });
      await restoreFromStore({ store, set: 'shop', to, scratchRoot });
    }
    const all = postgresSource({ name: 'x', user: 'u', databases: ['all'] });
    expect(all.databases).toEqual(['all']);
  });

  it.each([
    ['a wrong password', 'plain', 'wrong', {}, 'SOURCE_LOGIN_REFUSED'],
    ['an unknown user', 'nobody here', 'wrong', {}, 'SOURCE_LOGIN_REFUSED'],
    ['a password of two lines', 'plain', 'one\ntwo', {}, 'SOURCE_LOGIN_REFUSED'],
    [
      'a database that is not there',
      'plain',
      'plain password',
      { databases: 'nothing' },
      'SOURCE_MISSING',
    ],
    ['no right to read', 'plain', 'plain password', {}, 'SOURCE_UNREADABLE'],
    [
      'rows that are hidden by a policy',
      'reader',
      'reader password',
      { databases: 'walled' },
      'SOURCE_UNREADABLE',
    ],
    [
      'passwords of roles it may not read',
      'reader',
      'reader password',
      { globals: 'with-passwords' },
      'SOURCE_UNREADABLE',
    ],
    ['a port where nobody listens', 'plain', 'plain password', { port: 1 }, 'SOURCE_UNREACHABLE'],
    [
      'a host that is none',
      'plain',
      'plain password',
      { host: 'nowhere.invalid' },
      'SOURCE_UNREACHABLE',
    ],
    [
      'no TLS where it is required',
      'plain',
      'plain password',
      { tls: { mode: 'require' } },
      'SOURCE_LOGIN_REFUSED',
    ],
    [
      'a certificate that is not there',
      'plain',
      'plain password',
      { tls: { mode: 'verify-full', rootCert: '/nonexistent/ca.pem' } },
      'SOURCE_LOGIN_REFUSED',
    ],
    [
      'a directory without programs',
      'plain',
      'plain password',
      { programs: '/nonexistent' },
      'TOOL_MISSING',
    ],
  ] as const)('%s is told, and nothing is stored', async (_what, user, password, more, code) => {
    process.env['SHOP_PASSWORD'] = password;
    const store = memoryObjectStore();
    const { scratchRoot } = pg.rooms;
    const made = createBackup({ source: source(user, more), store, storeName: 'p', scratchRoot });
    const error: unknown = await made.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, retryable: code === 'SOURCE_UNREACHABLE' });
    expect(JSON.stringify(error)).not.toContain(password);
    expect(await keysOf(store)).toEqual([]);
  });

  it('is dumped by a user who may only read', async () => {
    process.env['SHOP_PASSWORD'] = 'reader password';
    const store = memoryObjectStore();
    const { scratchRoot } = pg.rooms;
    const backup = await createBackup({
      source: source('reader'),
      store,
      storeName: 'p',
      scratchRoot,
    });
    await verifyBackup({ backup, store, scratchRoot });
  });
});
