import { randomUUID } from 'node:crypto';
import { StringDecoder } from 'node:string_decoder';
import type { Child } from '@holdfast/core/process';
import type { AnswerRow } from '../servers/server-source.ts';
import type { Workroom } from '../workroom.ts';
import { postgresError } from './errors.ts';
import { type Login, prepareLogin, urlOf } from './login.ts';
import type { Programs } from './programs.ts';
import type { PostgresAddress } from './spec.ts';

const ARGUMENTS = [
  '-X',
  '-q',
  '-A',
  '-t',
  '-w',
  '-v',
  'ON_ERROR_STOP=1',
  '-v',
  'VERBOSITY=verbose',
];

async function* linesOf(child: Child): AsyncGenerator<string, void, void> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of child.stdout ?? []) {
    const lines = (rest + decoder.write(chunk as Buffer)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/**
 * One session with a server, held open by psql, which reads statements from a pipe. So a snapshot is exported
 * and counted in by the same library that pg_dump connects with: what logs in for the one logs in for the other
 * (TLS, password files, Kerberos), and no client in JavaScript is needed.
 */
export class PsqlSession {
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

  /**
   * Connects. Names without a schema mean pg_catalog alone, so that nothing of the database's own is called by mistake.
   *
   * @throws `SOURCE_LOGIN_REFUSED`, `SOURCE_MISSING`, `SOURCE_UNREACHABLE`, `SOURCE_FAILED`
   */
  static async open(
    programs: Programs,
    server: PostgresAddress,
    database: string,
    room: Workroom,
  ): Promise<PsqlSession> {
    const login = await prepareLogin(server, database, room);
    try {
      const { env } = login;
      const child = await room.startChild(programs.path('psql'), {
        args: ARGUMENTS,
        env,
        stdin: 'pipe',
        signal: room.signal,
      });
      const session = new PsqlSession(child, login, urlOf(server, database));
      await session.run(
        "SET search_path = ''; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; " +
          'SET row_security = off; SET standard_conforming_strings = on',
      );
      return session;
    } catch (error) {
      await login.forget();
      throw error;
    }
  }

  /** Runs statements that give nothing. */
  async run(statements: string): Promise<void> {
    await this.#ask(`${statements};`);
  }

  /** Runs a query, and gives its rows as `row_to_json` has them: let big numbers be texts. */
  async query<T extends object = AnswerRow>(query: string): Promise<T[]> {
    const answered = await this.#ask(
      `SELECT pg_catalog.row_to_json(holdfast_row) FROM (\n${query.trim().replace(/;$/, '')}\n) holdfast_row;`,
    );
    return answered.map((line) => JSON.parse(line) as T);
  }

  /** Closes the session; a transaction that is open is rolled back. Never throws. */
  async close(): Promise<void> {
    await this.#turn;
    // At the end of its input psql takes its leave of the server; killed, it would leave a line in the server's log.
    this.#child.stdin?.end();
    await this.#child.done.catch(() => undefined);
    await this.#login.forget();
  }

  #ask(statements: string): Promise<string[]> {
    const answer = this.#turn.then(() => this.#exchange(statements));
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  async #exchange(statements: string): Promise<string[]> {
    const end = `holdfast-${randomUUID()}`;
    const lines: string[] = [];
    try {
      this.#child.stdin?.write(`${statements}\n\\echo ${end}\n`);
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
      throw postgresError(error, this.#what);
    }
  }
}
