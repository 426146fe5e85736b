import { HoldfastError } from '@holdfast/core';
import { compareServers, serverFingerprint } from '../servers/compare-databases.ts';
import { sampledOnly, sampledTables, sampleTables } from '../servers/sample-tables.ts';
import { hasContent } from '../servers/table-content.ts';
import type {
  AnswerRow,
  ServerConnection,
  ServerPlace,
  Swapped,
} from '../servers/server-source.ts';
import type { Comparison, Difference, StoredBackup } from '../source.ts';
import { soleArtifact } from '../streams/stream-backup.ts';
import type { Workroom } from '../workroom.ts';
import { readContents } from './contents.ts';
import { contentOf, countRows, joinCounts, objectsOf } from './counts.ts';
import { readIdentity } from './identity.ts';
import { askForXml, feedDump } from './run-client.ts';
import { MysqlSession, type SessionPlace } from './session.ts';
import { readViews } from './views.ts';
import { parseXmlRows } from './xml-rows.ts';

/** What a place is made of. */
export interface PlaceParts {
  readonly backup: StoredBackup;
  readonly room: Workroom;
  /** With the name of the copy. */
  readonly at: SessionPlace & { readonly database: string };
  /** Makes ready what the restore needs: an empty database, accounts. */
  readonly prepare: () => Promise<void>;
  /** Puts what was restored under the target's name. Absent: the place is a scratch one. */
  readonly swap?: () => Promise<Swapped>;
  readonly close: () => Promise<void>;
}

/** A place on a MariaDB or MySQL server: own or given, scratch or beside a target. */
export class MysqlPlace implements ServerPlace {
  readonly connection: ServerConnection;
  readonly #parts: PlaceParts;

  private constructor(parts: PlaceParts, password: string | undefined) {
    this.#parts = parts;
    const { address, database } = parts.at;
    const { host, port, user } = address;
    this.connection = {
      host,
      port,
      user,
      ...(password === undefined ? {} : { password }),
      database,
      databases: { [readIdentity(parts.backup.manifest).database]: database },
    };
  }

  static async open(parts: PlaceParts): Promise<MysqlPlace> {
    const { password } = parts.at.address;
    return new MysqlPlace(
      parts,
      password === undefined ? undefined : await parts.room.secret(password),
    );
  }

  async restore(): Promise<void> {
    const { backup, at, room, prepare } = this.#parts;
    await prepare();
    await feedDump(at, backup.read(soleArtifact(backup.manifest)), room);
  }

  async compare(): Promise<Comparison> {
    const { backup, at, room } = this.#parts;
    const fingerprint = serverFingerprint(backup.manifest);
    const { sample } = backup;
    const taken = sample === undefined ? undefined : sampleTables(fingerprint, sample);
    const databases = fingerprint.databases.map((one) => {
      const few = taken?.get(one.database);
      return few === undefined ? one : sampledOnly(one, few);
    });
    const [database] = databases;
    const { brokenViews, database: name } = readIdentity(backup.manifest);
    const session = await MysqlSession.open(at, room);
    try {
      const all = await readContents(session, at.database);
      const few = taken?.get(name);
      const contents =
        few === undefined
          ? all
          : { ...all, tables: all.tables.filter(({ table }) => few.has(table)) };
      const wanted = (table: string): boolean => hasContent(database?.objects ?? [], table);
      const hashed = contents.tables.filter(({ table }) => wanted(table));
      const rest = contents.tables.filter(({ table }) => !wanted(table));
      const counts = new Map([
        ...(await countRows(session, hashed, true)),
        ...(await countRows(session, rest, false)),
      ]);
      const found = {
        database: name,
        schemaSha256: contents.schemaSha256,
        tables: joinCounts(counts, counts),
        objects: objectsOf(contents, contentOf(counts, counts)),
      };
      const views = contents.views.filter((view) => !brokenViews.includes(view));
      const more: Difference[] = (await readViews(at, views, room)).map(({ view, why }) => ({
        what: `view ${view}`,
        expected: 'can be read',
        found: why,
      }));
      const compared = compareServers({ kind: 'server', databases }, [found], more);
      return { ...compared, ...sampledTables(fingerprint, taken) };
    } finally {
      await session.close();
    }
  }

  async query(statement: string): Promise<readonly AnswerRow[]> {
    const { at, room } = this.#parts;
    return parseXmlRows(await askForXml(at, `${statement.trim().replace(/;$/, '')};\n`, room));
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
