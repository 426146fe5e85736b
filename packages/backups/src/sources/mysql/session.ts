import { randomUUID } from 'node:crypto';
import { StringDecoder } from 'node:string_decoder';
import type { Child } from '@holdfast/core/process';
import type { Workroom } from '../workroom.ts';
import { mysqlError } from './errors.ts';
import { type Login, prepareLogin } from './login.ts';
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

async function* linesOf(child: Child): AsyncGenerator<string, void, void> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of child.stdout ?? []) {
    const lines = (rest + decoder.write(chunk as Buffer)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

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
  readonly #child: Child;
  readonly #login: Login;
  readonly #what: string;
  readonly #lines: AsyncGenerator<string, void, void>;
  /** Statements are answered one after another. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(child: Child, login: Login, what: string) {
    this.#child = child;
    this.#login = login;
    this.#what = what;
    this.#lines = linesOf(child);
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
      const session = new MysqlSession(child, login, mysqlUrl(address, database ?? ''));
      await session.run(SETTINGS);
      return session;
    } catch (error) {
      await login.forget();
      throw error;
    }
  }

  /** Runs a statement; gives the lines that it printed. */
  run(statement: string): Promise<string[]> {
    const answer = this.#turn.then(() => this.#exchange(statement));
    this.#turn = answer.catch(() => undefined);
    return answer;
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
  async close(): Promise<void> {
    await this.#turn;
    this.#child.stdin?.end();
    await this.#child.done.catch(() => undefined);
    await this.#login.forget();
  }

  /** Ends the session at once, whatever it is doing. Never throws. */
  async abandon(): Promise<void> {
    await this.#child.kill().catch(() => undefined);
    await this.#login.forget();
  }

  async #exchange(statement: string): Promise<string[]> {
    const end = `holdfast-${randomUUID()}`;
    const lines: string[] = [];
    try {
      this.#child.stdin?.write(`${statement};\nSELECT '${end}';\n`);
      for (;;) {
        const step = await this.#lines.next();
        if (step.done === true) break;
        if (step.value === end) return lines;
        lines.push(step.value);
      }
      // It ended without an error, and without an answer: somebody else closed it.
      await this.#child.done;
      throw new Error(`${this.#what}: the session was closed.`);
    } catch (error) {
      await this.#child.kill().catch(() => undefined);
      throw mysqlError(error, this.#what);
    }
  }
}
