import { ProgramSession } from '../servers/program-session.ts';
import type { AnswerRow } from '../servers/server-source.ts';
import type { Workroom } from '../workroom.ts';
import { postgresError } from './errors.ts';
import { prepareLogin, urlOf } from './login.ts';
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

/**
 * One session with a server, held open by psql, which reads statements from a pipe. So a snapshot is exported
 * and counted in by the same library that pg_dump connects with: what logs in for the one logs in for the other
 * (TLS, password files, Kerberos), and no client in JavaScript is needed.
 */
export class PsqlSession {
  readonly #session: ProgramSession;

  private constructor(session: ProgramSession) {
    this.#session = session;
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
      const what = urlOf(server, database);
      const session = new PsqlSession(
        new ProgramSession({
          child,
          what,
          mark: (text) => `\\echo ${text}`,
          explain: (error) => postgresError(error, what),
          forget: () => login.forget(),
        }),
      );
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
    await this.#session.ask(`${statements};`);
  }

  /** Runs a query, and gives its rows as `row_to_json` has them: let big numbers be texts. */
  async query<T extends object = AnswerRow>(query: string): Promise<T[]> {
    const answered = await this.#session.ask(
      `SELECT pg_catalog.row_to_json(holdfast_row) FROM (\n${query.trim().replace(/;$/, '')}\n) holdfast_row;`,
    );
    return answered.map((line) => JSON.parse(line) as T);
  }

  /** Closes the session; a transaction that is open is rolled back. Never throws. */
  close(): Promise<void> {
    return this.#session.close();
  }
}
