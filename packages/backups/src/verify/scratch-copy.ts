import { join } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import type { Manifest } from '../model/manifest.ts';
import type { KnownSource } from '../sources/known-sources.ts';
import {
  type AnswerRow,
  isServerSource,
  type ServerConnection,
  type ServerTarget,
} from '../sources/servers/server-source.ts';
import type { Comparison, StoredBackup } from '../sources/source.ts';
import type { Workroom } from '../sources/workroom.ts';

/** A backup that was restored into a scratch place, as a check sees it. Gone when the check has ended. */
export interface RestoredCopy {
  readonly manifest: Manifest;
  /** Aborts when the verification is given up. */
  readonly signal: AbortSignal;
  /**
   * Where a file or directory was restored to.
   *
   * @throws `CHECK_UNFIT` the source restores into a server
   */
  readonly path: string;
  /**
   * How to connect to the server that it was restored into.
   *
   * @throws `CHECK_UNFIT` the source restores to a path
   */
  readonly server: ServerConnection;
  /**
   * Asks the copy, in its server's language: `SELECT count(*) AS n FROM orders`.
   *
   * @throws `CHECK_UNFIT` the source restores to a path
   */
  query(statement: string): Promise<readonly AnswerRow[]>;
}

/**
 * A user's own question to a restored copy: is the newest order from today? What it throws, and false, fail
 * the verification.
 */
export type RestoreCheck = (copy: RestoredCopy) => Promise<boolean | void> | boolean | void;

/** A scratch place of either form: a path, or a database on a server. */
export interface ScratchCopy {
  restore(): Promise<void>;
  compare(): Promise<Comparison>;
  readonly restored: RestoredCopy;
  /** Ends and removes what the room does not remove by itself. */
  close(): Promise<void>;
}

function unfit(manifest: Manifest, what: string): HoldfastError {
  return new HoldfastError(
    'CHECK_UNFIT',
    `A backup of the kind '${manifest.source.kind}' has no ${what} to be checked by.`,
    {
      hint: 'Sources that restore to a path are checked by `path`, those on servers by `server` or `query`.',
      retryable: false,
      context: { kind: manifest.source.kind },
    },
  );
}

function atPath(manifest: Manifest, path: string, signal: AbortSignal): RestoredCopy {
  return {
    manifest,
    signal,
    path,
    get server(): never {
      throw unfit(manifest, 'server');
    },
    query: () => Promise.reject(unfit(manifest, 'query')),
  };
}

/**
 * Opens a scratch place for a backup.
 *
 * @param on the server to use, for sources on servers; undefined: one is started in the room
 */
export async function openScratchCopy(
  source: KnownSource,
  backup: StoredBackup,
  on: ServerTarget | undefined,
  room: Workroom,
): Promise<ScratchCopy> {
  const { manifest } = backup;
  if (!isServerSource(source)) {
    const path = join(room.scratch, 'restored');
    return {
      restore: () => source.restore(backup, path, room),
      compare: () => source.compare(backup, path, room),
      restored: atPath(manifest, path, room.signal),
      close: () => Promise.resolve(),
    };
  }
  const place = await source.openScratch(backup, on, room);
  return {
    restore: () => place.restore(),
    compare: () => place.compare(),
    restored: {
      manifest,
      signal: room.signal,
      get path(): never {
        throw unfit(manifest, 'path');
      },
      server: place.connection,
      query: (statement) => place.query(statement),
    },
    close: () => place.close(),
  };
}
