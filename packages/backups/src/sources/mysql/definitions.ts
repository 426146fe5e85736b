import type { Workroom } from '../workroom.ts';
import { mysqlError } from './errors.ts';
import { prepareLogin } from './login.ts';
import type { Tool } from './programs.ts';
import { feedDump } from './run-client.ts';
import { quoteName, quoteText, type MysqlSession, type SessionPlace } from './session.ts';
import { mysqlUrl } from './spec.ts';

/** A database on a server. */
export interface DatabasePlace extends SessionPlace {
  readonly database: string;
}

/** What a database holds besides tables, as statements that make it anew. */
export interface Definitions {
  /** Tables cannot be moved while they have some. */
  readonly triggers: Buffer;
  readonly rest: Buffer;
}

/** The names of one kind of a database's objects; they may be anything. */
export async function namesOf(
  session: MysqlSession,
  database: string,
  kind: 'tables' | 'views' | 'triggers' | 'events' | 'functions' | 'procedures',
): Promise<readonly string[]> {
  const here = quoteText(database);
  const queries = {
    tables: `TABLE_NAME) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${here} AND TABLE_TYPE <> 'VIEW'`,
    views: `TABLE_NAME) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${here} AND TABLE_TYPE = 'VIEW'`,
    triggers: `TRIGGER_NAME) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ${here}`,
    events: `EVENT_NAME) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${here}`,
    functions: `ROUTINE_NAME) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ${here} AND ROUTINE_TYPE = 'FUNCTION'`,
    procedures: `ROUTINE_NAME) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ${here} AND ROUTINE_TYPE = 'PROCEDURE'`,
  };
  return (await session.rows<[string]>(`SELECT JSON_ARRAY(${queries[kind]}`)).map(([name]) => name);
}

async function dumped(
  { address, database }: DatabasePlace,
  tool: Tool,
  args: readonly string[],
  room: Workroom,
): Promise<Buffer> {
  const login = await prepareLogin(address, tool, room);
  try {
    const ofMysql = tool.flavor === 'MySQL' ? ['--set-gtid-purged=OFF', '--no-tablespaces'] : [];
    const common = [
      '--no-data',
      '--skip-lock-tables',
      '--default-character-set=utf8mb4',
      ...ofMysql,
    ];
    const child = await room.startChild(tool.command, {
      args: [login.arg, ...common, ...args],
      signal: room.signal,
    });
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout ?? []) chunks.push(chunk as Buffer);
    await child.done;
    return Buffer.concat(chunks);
  } catch (error) {
    throw mysqlError(error, mysqlUrl(address, database));
  } finally {
    await login.forget();
  }
}

/** Reads what a database holds besides its tables. */
export async function readDefinitions(
  session: MysqlSession,
  place: DatabasePlace,
  tool: Tool,
  room: Workroom,
): Promise<Definitions> {
  const { database } = place;
  const read = (...args: readonly string[]): Promise<Buffer> => dumped(place, tool, args, room);
  const views = await namesOf(session, database, 'views');
  const none = ['--no-create-info', '--skip-triggers'];
  return {
    triggers: await read('--no-create-info', '--triggers', '--', database),
    rest: Buffer.concat([
      // Views may call functions.
      await read(...none, '--routines', '--events', '--', database),
      ...(views.length === 0 ? [] : [await read('--skip-triggers', '--', database, ...views)]),
    ]),
  };
}

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array, void, void> {
  yield await Promise.resolve(bytes);
}

/** Makes in a database what statements say. */
export function makeIn(place: DatabasePlace, statements: Buffer, room: Workroom): Promise<void> {
  return feedDump(place, once(statements), room);
}

/** Removes what a database holds besides tables and triggers. */
export async function dropRest(session: MysqlSession, database: string): Promise<void> {
  for (const [kind, word] of [
    ['views', 'VIEW'],
    ['events', 'EVENT'],
    ['functions', 'FUNCTION'],
    ['procedures', 'PROCEDURE'],
  ] as const) {
    for (const name of await namesOf(session, database, kind)) {
      await session.run(`DROP ${word} ${quoteName(database)}.${quoteName(name)}`);
    }
  }
}

export async function dropTriggers(session: MysqlSession, database: string): Promise<void> {
  for (const name of await namesOf(session, database, 'triggers')) {
    await session.run(`DROP TRIGGER ${quoteName(database)}.${quoteName(name)}`);
  }
}
