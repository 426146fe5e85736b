import { ProgramSession } from '../servers/program-session.ts';
import type { Workroom } from '../workroom.ts';
import { mysqlError } from './errors.ts';
import { prepareLogin } from './login.ts';
import type { Tool } from './programs.ts';
import { type MysqlAddress, mysqlUrl } from './spec.ts';

const ARGUMENTS = [
  '--batch',
  '--raw',
  '--unbuffered',
  '--skip-column-names',
  '--default-character-set=utf8mb4',
];

/** A transaction that is held open, and statements that take long, must not be ended by the server. */
const SETTINGS =
  "SET SESSION wait_timeout = 2147483, net_write_timeout = 86400, sql_mode = '', time_zone = '+00:00'";

/** Quotes a name for SQL. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** Quotes a text for SQL; backslashes escape, as `sql_mode` is empty. */
export function quoteText(text: string): string {
  return `'${text.replaceAll(/['\\]/g, (char) => `\\${char}`)}'`;
}

/** Where a session goes. */
export interface SessionPlace {
  readonly address: MysqlAddress;
  /** Undefined: none is chosen. */
  readonly database: string | undefined;
  readonly client: Tool;
}

/**
 * One session with a server, held open by the `mariadb` program, which reads statements from a pipe. So rows are
 * counted over the same library that dumps, and no client in JavaScript is needed.
 */
export class MysqlSession {
  readonly #session: ProgramSession;

  private constructor(session: ProgramSession) {
    this.#session = session;
  }

  /** @throws `SOURCE_LOGIN_REFUSED`, `SOURCE_MISSING`, `SOURCE_UNREACHABLE`, `SOURCE_FAILED` */
  static async open(place: SessionPlace, room: Workroom): Promise<MysqlSession> {
    const { address, database, client } = place;
    const login = await prepareLogin(address, client, room);
    try {
      const child = await room.startChild(client.command, {
        args: [
          login.arg,
          ...ARGUMENTS,
          ...(database === undefined ? [] : [`--database=${database}`]),
        ],
        stdin: 'pipe',
        signal: room.signal,
      });
      const what = mysqlUrl(address, database ?? '');
      const session = new MysqlSession(
        new ProgramSession({
          child,
          what,
          mark: (text) => `SELECT '${text}';`,
          explain: (error) => mysqlError(error, what),
          forget: () => login.forget(),
        }),
      );
      await session.run(SETTINGS);
      return session;
    } catch (error) {
      await login.forget();
      throw error;
    }
  }

  /** Runs a statement; gives the lines that it printed. */
  run(statement: string): Promise<string[]> {
    return this.#session.ask(`${statement};`);
  }

  /** Runs a query of one column that holds JSON, and gives its rows. */
  async rows<T>(query: string): Promise<T[]> {
    return (await this.run(query)).map((line) => JSON.parse(line) as T);
  }

  /** Opens a transaction in which everything is read as it is now. */
  async takeSnapshot(): Promise<void> {
    await this.run(
      'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION WITH CONSISTENT SNAPSHOT',
    );
  }

  /** Closes the session; a transaction that is open is rolled back. Never throws. */
  close(): Promise<void> {
    return this.#session.close();
  }

  /** Ends the session at once, whatever it is doing. Never throws. */
  abandon(): Promise<void> {
    return this.#session.abandon();
  }
}

/** Opens a session with a server, uses it, and closes it. */
export async function onServer<T>(
  address: MysqlAddress,
  client: Tool,
  room: Workroom,
  work: (session: MysqlSession) => Promise<T>,
): Promise<T> {
  const session = await MysqlSession.open({ address, database: undefined, client }, room);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}
