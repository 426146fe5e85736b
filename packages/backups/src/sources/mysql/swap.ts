import { randomBytes } from 'node:crypto';
import { HoldfastError } from '@holdfast/core';
import type { Swapped } from '../servers/server-source.ts';
import type { Workroom } from '../workroom.ts';
import {
  type Definitions,
  dropRest,
  dropTriggers,
  makeIn,
  namesOf,
  readDefinitions,
} from './definitions.ts';
import type { MysqlIdentity } from './identity.ts';
import type { Tool } from './programs.ts';
import { MysqlSession, quoteName, quoteText, type SessionPlace } from './session.ts';
import { mysqlUrl } from './spec.ts';

/** The longest name of a database, in characters. */
const LONGEST_NAME = 64;
/** How long others are waited for who use a table, in seconds. */
const LOCK_WAIT = 30;
/** A table in which definitions are kept until they are made anew: a process may be killed in between. */
const DEFINITIONS = 'holdfast_definitions';

/** What is put where. */
export interface SwapParts {
  readonly server: SessionPlace;
  /** The program that dumps. */
  readonly dump: Tool;
  /** What was restored. */
  readonly staged: string;
  /** The name that it is to have. */
  readonly name: string;
  /** Which tables alone, with nothing else; undefined: everything. */
  readonly tables: readonly string[] | undefined;
  readonly identity: MysqlIdentity;
  /** Of the backup. */
  readonly id: string;
  readonly room: Workroom;
}

/** What stands under a name. */
export async function lookAt(
  session: MysqlSession,
  name: string,
): Promise<'nothing' | 'empty' | 'something'> {
  const text = quoteText(name);
  const [there] = await session.run(
    `SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${text}`,
  );
  if (there === '0') return 'nothing';
  const [objects] = await session.run(
    `SELECT (SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${text})
      + (SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ${text})
      + (SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${text})`,
  );
  return objects === '0' ? 'empty' : 'something';
}

/** A statement that makes a database as the dumped one was. */
export function createStatement(name: string, { charset, collation }: MysqlIdentity): string {
  return `CREATE DATABASE ${quoteName(name)} CHARACTER SET ${charset} COLLATE ${collation}`;
}

function keptName(name: string, id: string): string {
  const suffix = `_before_${id.slice(0, 16).toLowerCase()}_${randomBytes(2).toString('hex')}`;
  // Names have no characters beyond the first plane: none is cut in two.
  return name.slice(0, LONGEST_NAME - suffix.length) + suffix;
}

async function refuseBusy(session: MysqlSession, { server, name }: SwapParts): Promise<void> {
  const [others] = await session.run(
    `SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = ${quoteText(name)}`,
  );
  if (others === '0') return;
  const url = mysqlUrl(server.address, name);
  throw new HoldfastError('RESTORE_TARGET_BUSY', `${url} is used by ${others} connections.`, {
    hint: 'Stop what uses the database that is to be replaced, or restore under another name.',
    retryable: true,
    context: { database: name },
  });
}

function movesOf(from: string, to: string, tables: readonly string[]): readonly string[] {
  return tables.map(
    (table) => `${quoteName(from)}.${quoteName(table)} TO ${quoteName(to)}.${quoteName(table)}`,
  );
}

/** Foreign keys of chosen tables that refer to others: these stay behind. */
async function dropLooseKeys(
  session: MysqlSession,
  staged: string,
  tables: readonly string[],
): Promise<void> {
  const keys = await session.rows<[string, string, string]>(
    `SELECT JSON_ARRAY(TABLE_NAME, CONSTRAINT_NAME, REFERENCED_TABLE_NAME)
      FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = ${quoteText(staged)}`,
  );
  for (const [table, key, other] of keys) {
    if (!tables.includes(table) || tables.includes(other)) continue;
    await session.run(
      `ALTER TABLE ${quoteName(staged)}.${quoteName(table)} DROP FOREIGN KEY ${quoteName(key)}`,
    );
  }
}

/** One swap, with what it knows. */
class DatabaseSwap {
  readonly #parts: SwapParts;
  readonly #session: MysqlSession;

  constructor(parts: SwapParts, session: MysqlSession) {
    this.#parts = parts;
    this.#session = session;
  }

  async run(): Promise<Swapped> {
    const { name, staged, identity, id, server } = this.#parts;
    const session = this.#session;
    await session.run(`SET SESSION lock_wait_timeout = ${LOCK_WAIT}`);
    const there = await lookAt(session, name);
    const brought = await this.#chosen();
    if (there === 'nothing') await session.run(createStatement(name, identity));
    const kept = there === 'something' ? keptName(name, id) : undefined;
    const old = kept === undefined ? undefined : await this.#keep(kept);
    await dropTriggers(session, staged);
    try {
      await this.#move(brought.tables, kept);
    } catch (error) {
      // When this fails, too, the definitions are where they were written down.
      if (kept !== undefined && old !== undefined) {
        await this.#putBack(kept, old).catch(() => undefined);
      }
      throw error;
    }
    if (kept !== undefined && old !== undefined) await this.#settle(kept, old);
    await this.#make(name, brought.definitions.rest);
    await this.#make(name, brought.definitions.triggers);
    const to = mysqlUrl(server.address, name);
    return kept === undefined ? { to } : { to, replaced: mysqlUrl(server.address, kept) };
  }

  /** What of the restored copy goes to its place. */
  async #chosen(): Promise<{ tables: readonly string[]; definitions: Definitions }> {
    const { staged, tables } = this.#parts;
    const session = this.#session;
    if (tables !== undefined) {
      await dropLooseKeys(session, staged, tables);
      const nothing = Buffer.alloc(0);
      return { tables, definitions: { triggers: nothing, rest: nothing } };
    }
    return {
      tables: await namesOf(session, staged, 'tables'),
      definitions: await this.#definitionsOf(staged),
    };
  }

  /** Makes the database that takes what is there, and writes down there what cannot be moved. */
  async #keep(kept: string): Promise<Definitions> {
    const { name, identity } = this.#parts;
    const session = this.#session;
    await refuseBusy(session, this.#parts);
    const old = await this.#definitionsOf(name);
    await session.run(createStatement(kept, identity));
    const table = `${quoteName(kept)}.${DEFINITIONS}`;
    await session.run(`CREATE TABLE ${table} (statements LONGBLOB)`);
    const all = Buffer.concat([old.rest, old.triggers]).toString('hex');
    await session.run(`INSERT INTO ${table} VALUES (UNHEX('${all}'))`);
    return old;
  }

  /** Moves the tables of both, all at once or none. */
  async #move(tables: readonly string[], kept: string | undefined): Promise<void> {
    const { name, staged } = this.#parts;
    const session = this.#session;
    if (kept !== undefined) await dropTriggers(session, name);
    const moves = [
      ...(kept === undefined ? [] : movesOf(name, kept, await namesOf(session, name, 'tables'))),
      ...movesOf(staged, name, tables),
    ];
    if (moves.length > 0) await session.run(`RENAME TABLE ${moves.join(', ')}`);
  }

  /** As it was, after tables could not be moved. The session that was told so has ended. */
  async #putBack(kept: string, { triggers }: Definitions): Promise<void> {
    const { name, server, room } = this.#parts;
    const session = await MysqlSession.open(server, room);
    try {
      await dropTriggers(session, name);
      await this.#make(name, triggers);
      await session.run(`DROP DATABASE ${quoteName(kept)}`);
    } finally {
      await session.close();
    }
  }

  /** Makes anew, beside the tables that were kept, what belongs to them. */
  async #settle(kept: string, old: Definitions): Promise<void> {
    const { name, identity } = this.#parts;
    const { charset, collation } = identity;
    const session = this.#session;
    await dropRest(session, name);
    await session.run(
      `ALTER DATABASE ${quoteName(name)} CHARACTER SET ${charset} COLLATE ${collation}`,
    );
    await this.#make(kept, old.rest);
    await this.#make(kept, old.triggers);
    await session.run(`DROP TABLE ${quoteName(kept)}.${DEFINITIONS}`);
  }

  #definitionsOf(database: string): Promise<Definitions> {
    const { server, dump, room } = this.#parts;
    return readDefinitions(this.#session, { ...server, database }, dump, room);
  }

  async #make(database: string, statements: Buffer): Promise<void> {
    const { server, room } = this.#parts;
    if (statements.length > 0) await makeIn({ ...server, database }, statements, room);
  }
}

/**
 * Puts a restored copy under its name. These servers cannot rename databases, but they move tables between them, all at once;
 * what else there is is made anew from its definition.
 *
 * @throws `RESTORE_TARGET_BUSY` somebody is connected to what is to be replaced
 */
export function swapDatabases(parts: SwapParts, session: MysqlSession): Promise<Swapped> {
  return new DatabaseSwap(parts, session).run();
}
