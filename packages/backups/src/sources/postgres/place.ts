import { HoldfastError } from '@holdfast/core';
import type { ServerDatabase } from '../../model/fingerprint.ts';
import {
  compareServers,
  rowsOnly,
  serverFingerprint,
  tablesOnly,
} from '../servers/compare-databases.ts';
import type {
  AnswerRow,
  ServerConnection,
  ServerPlace,
  Swapped,
} from '../servers/server-source.ts';
import { sampledOnly, sampledTables, sampleTables } from '../servers/sample-tables.ts';
import type { Comparison, Difference, StoredBackup } from '../source.ts';
import type { Workroom } from '../workroom.ts';
import { inspectCopy, readContents, readingLike, withoutRights } from './contents.ts';
import { type DumpedDatabase, readIdentity } from './identity.ts';
import { restoreArchive } from './restore-archive.ts';
import type { Programs } from './programs.ts';
import { readServer, withSession } from './server.ts';
import type { PsqlSession } from './session.ts';
import type { PostgresAddress } from './spec.ts';
import { tablesOf } from './table-content.ts';

/** One database of a backup, and the one that it is restored into. */
export interface DatabaseCopy {
  readonly dumped: DumpedDatabase;
  readonly name: string;
}

/** What a place is made of. */
export interface PlaceParts {
  readonly backup: StoredBackup;
  readonly room: Workroom;
  /** Those that restore: not older than those that dumped. */
  readonly programs: Programs;
  readonly server: PostgresAddress;
  readonly copies: readonly DatabaseCopy[];
  /** 'create': the archive makes its database by itself, as it was. 'fill': it is there, and empty. */
  readonly mode: 'create' | 'fill';
  /** Whether owners and grants are restored. */
  readonly roles: 'keep' | 'ignore';
  readonly tables?: readonly string[] | undefined;
  /** Makes ready what the restore needs: databases, roles. */
  readonly prepare: () => Promise<void>;
  readonly swap?: () => Promise<Swapped>;
  readonly close: () => Promise<void>;
}

/** A place on a PostgreSQL server: own or given, scratch or beside a target. */
export class PostgresPlace implements ServerPlace {
  readonly connection: ServerConnection;
  readonly #parts: PlaceParts;

  private constructor(parts: PlaceParts, password: string | undefined) {
    this.#parts = parts;
    const { host, port, user } = parts.server;
    this.connection = {
      host,
      port,
      user,
      ...(password === undefined ? {} : { password }),
      database: parts.copies[0]?.name ?? '',
      databases: Object.fromEntries(
        parts.copies.map(({ dumped, name }) => [dumped.database, name]),
      ),
    };
  }

  static async open(parts: PlaceParts): Promise<PostgresPlace> {
    const { password } = parts.server;
    return new PostgresPlace(
      parts,
      password === undefined ? undefined : await parts.room.secret(password),
    );
  }

  async restore(): Promise<void> {
    await this.#parts.prepare();
    for (const copy of this.#parts.copies) await restoreArchive(this.#parts, copy);
  }

  async compare(): Promise<Comparison> {
    const { backup, copies, tables, server, room } = this.#parts;
    const fingerprint = serverFingerprint(backup.manifest);
    const { sample } = backup;
    const taken = sample === undefined ? undefined : sampleTables(fingerprint, sample);
    const expected: ServerDatabase[] = [];
    const found: ServerDatabase[] = [];
    const more: Difference[] = [];
    for (const { dumped, name } of copies) {
      const whole = fingerprint.databases.find(({ database }) => database === dumped.database);
      if (whole === undefined) continue;
      const few = taken?.get(dumped.database);
      const some = few === undefined ? whole : sampledOnly(whole, few);
      const wanted = tables === undefined ? some : tablesOnly(whole, tables);
      await withSession(server, name, room, async (session) => {
        await session.run('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
        const rights = await this.#hasRights(session);
        const all = await tablesOf(session);
        const read = few === undefined ? all : all.filter(({ name: table }) => few.has(table));
        const reading = readingLike(wanted, read, rights);
        const contents = await readContents(session, dumped.database, reading);
        expected.push(rights ? wanted : withoutRights(wanted));
        // Of single tables their rows are compared: what belongs to the rest of the database was left out.
        found.push(tables === undefined ? contents : rowsOnly(whole, contents));
        if (tables === undefined) more.push(...(await inspectCopy(session, whole.sequences ?? [])));
      });
    }
    const compared = compareServers({ kind: 'server', databases: expected }, found, more);
    return { ...compared, ...sampledTables(fingerprint, taken) };
  }

  /** Rights are those of a major version: others have more or fewer of them. */
  async #hasRights(session: PsqlSession): Promise<boolean> {
    const { backup, roles, tables } = this.#parts;
    if (roles === 'ignore' || tables !== undefined) return false;
    return (await readServer(session)).major === readIdentity(backup.manifest).major;
  }

  query(statement: string): Promise<readonly AnswerRow[]> {
    const { server, room } = this.#parts;
    return withSession(server, this.connection.database, room, async (session) => {
      // As the application would find it: the restored database's own settings.
      await session.run('RESET search_path; RESET row_security');
      return session.query(statement);
    });
  }

  swap(): Promise<Swapped> {
    if (this.#parts.swap !== undefined) return this.#parts.swap();
    throw new HoldfastError('RESTORE_TARGET_INVALID', 'A scratch place has no target.', {
      hint: 'Open a target instead.',
      retryable: false,
    });
  }

  close(): Promise<void> {
    return this.#parts.close();
  }
}
