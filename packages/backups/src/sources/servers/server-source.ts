import type { Secret } from '@holdfast/core';
import type { AnySource, Comparison, SourceSpec, StoredBackup } from '../source.ts';
import type { Workroom } from '../workroom.ts';

/** Where a server is, and as whom to connect. Plain data: it is stored with a run. */
export interface ServerAddress {
  /** A host's name or address, or the absolute path of the directory (PostgreSQL) or file of its socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Where the password is found, never the password itself. Absent: none is sent. */
  readonly password?: Secret;
}

/** A server that backups are restored into. Kinds add fields of their own. */
export interface ServerTarget extends ServerAddress {
  /** The kind of the sources whose backups it takes. */
  readonly kind: string;
  /** What the restored database is called there. Default: as it was called. Not used for scratch copies. */
  readonly database?: string;
}

/** One row of an answer. */
export interface AnswerRow {
  readonly [column: string]: unknown;
}

/** How code connects to a restored copy on a server. */
export interface ServerConnection {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** The password's value: for connecting alone. */
  readonly password?: string;
  /** The copy's name there: of the first database when there are several, else see {@link databases}. */
  readonly database: string;
  /** The name that each database of the source has in the copy. */
  readonly databases: Readonly<Record<string, string>>;
}

/** How a restore into a server is done. */
export interface ServerRestoreOptions {
  /** Keep what stands in the place, under another name, instead of refusing. */
  readonly overwrite: boolean;
  /** Restore these tables alone, named as in the manifest's fingerprint; undefined: everything. */
  readonly tables: readonly string[] | undefined;
}

/** What a swap has done. */
export interface Swapped {
  /** What was restored, as a URL without credentials: `postgres://db.example:5432/shop`. */
  readonly to: string;
  /** Where what stood there before is kept, in the same form; absent when nothing stood there. */
  readonly replaced?: string;
}

/**
 * A place on a server that one backup is restored into: databases under names of their own, on a server
 * that was given, or on one that was started for this alone.
 */
export interface ServerPlace {
  readonly connection: ServerConnection;
  /**
   * Restores the backup into the place. Nothing else on the server changes.
   *
   * @throws `RESTORE_FAILED` the program that restores does not take the backup: it is damaged
   * @throws anything else says nothing of the backup
   */
  restore(): Promise<void>;
  /** Compares what was restored with what the manifest says of the source. */
  compare(): Promise<Comparison>;
  /** Asks the restored copy, in its own query language. */
  query(statement: string): Promise<readonly AnswerRow[]>;
  /**
   * Puts what was restored under the target's name, by renaming. When it fails what stood there stands
   * there still. Places that were opened as scratch have no target, and refuse.
   */
  swap(): Promise<Swapped>;
  /**
   * Removes what was not swapped into its place, and ends the server that was started for it. Called once
   * whatever happened, also when the signal has aborted; when it resolves nothing is left.
   */
  close(): Promise<void>;
}

/**
 * A kind of database server that can be dumped, restored into another database, and compared.
 *
 * Promises of an implementation, besides those of `Source` (1, 2, 4):
 * 5. No password stands in an argument, in a message, in the manifest, or in the environment of a program
 *    that does not need it.
 * 6. A scratch place touches nothing that was on the server before, and is gone after `close`. A server
 *    that was started for it cannot be reached by other users of the machine; it is started by
 *    `startScratchServer`, so that it ends also when this process is killed.
 * 7. A target's database that holds anything is refused unless `overwrite`, before anything is restored.
 */
export interface ServerSource<
  S extends SourceSpec = SourceSpec,
  T extends ServerTarget = ServerTarget,
> extends AnySource<S> {
  /** Tells it from sources that restore to a path. */
  readonly restoresTo: 'server';
  /**
   * Opens a scratch place.
   *
   * @param on the server to use; undefined: one of its own is started in the room's scratch directory
   */
  openScratch(backup: StoredBackup, on: T | undefined, room: Workroom): Promise<ServerPlace>;
  /**
   * Opens a place beside the target, on the same server.
   *
   * @throws `RESTORE_TARGET_NOT_EMPTY`
   */
  openTarget(
    backup: StoredBackup,
    to: T,
    options: ServerRestoreOptions,
    room: Workroom,
  ): Promise<ServerPlace>;
}

/** Whether a source restores into a server. */
export function isServerSource(source: AnySource): source is ServerSource {
  return 'restoresTo' in source && source.restoresTo === 'server';
}
