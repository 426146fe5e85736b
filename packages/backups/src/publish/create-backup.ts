import { createScrubber, type ObjectStore, resolveSecret } from '@holdfast/core';
import { startChild as startPlainChild } from '@holdfast/core/process';
import { type Backup, backupOf } from '../model/backup.ts';
import { newBackupId } from '../model/backup-id.ts';
import { backupPath } from '../model/layout.ts';
import { checkName } from '../model/names.ts';
import { sealerFor } from '../encryption/age.ts';
import type { EncryptionOptions } from '../encryption/recipient.ts';
import { Rate } from '../pipeline/rate.ts';
import { Children, type StartChild } from '../sources/child.ts';
import { type MoreSources, sourceOfKind } from '../sources/known-sources.ts';
import type { SourceSpec } from '../sources/source.ts';
import { defaultScratchRoot, type ReadSecret, withScratch } from '../sources/workroom.ts';
import { Attempt } from './attempt.ts';
import { storeDump } from './store-dump.ts';

/** What most work with backups can be given. */
export interface WorkOptions {
  /** Sources beside the built-in ones. They come first. */
  readonly sources?: MoreSources;
  /** Where scratch directories are made. Default: `holdfast-<uid>` in the system's directory for temporary files. */
  readonly scratchRoot?: string;
  readonly signal?: AbortSignal;
  /** Default: `startChild` of `@holdfast/core/process`. */
  readonly startChild?: StartChild;
  /**
   * Gives the value of a secret, once for each use. Default: `env:` and `file:` are read, and what children
   * print is scrubbed of the values unless `startChild` is given.
   */
  readonly secret?: ReadSecret;
  /** Epoch milliseconds. Default: the machine's clock. */
  readonly now?: () => number;
}

/** How a backup is made. */
export interface CreateBackupOptions extends WorkOptions {
  readonly source: SourceSpec;
  readonly store: ObjectStore;
  /** The store's name, for {@link Backup.store}. */
  readonly storeName: string;
  /** The backup set. Default: the source's name. */
  readonly set?: string;
  /** Called just before the manifest is written; what it throws keeps the backup from being published. */
  readonly beforePublish?: () => Promise<void>;
  /** Encrypts every artifact. Default: they are stored as anybody can read them who can read the store. */
  readonly encryption?: EncryptionOptions;
  /** How fast artifacts are stored, in bytes a second after compression. Default: as fast as can be. */
  readonly bandwidth?: number;
  readonly runId?: string;
  readonly codeVersion?: string;
}

/** {@link WorkOptions} with the defaults in their places. Settled once for each piece of work. */
export type Settled = Required<Omit<WorkOptions, 'sources'>>;

export function settle(options: WorkOptions): Settled {
  const scrubber = createScrubber();
  return {
    scratchRoot: options.scratchRoot ?? defaultScratchRoot(),
    signal: options.signal ?? new AbortController().signal,
    startChild:
      options.startChild ??
      ((command, child) => startPlainChild(command, { scrub: scrubber.scrub, ...child })),
    secret:
      options.secret ??
      (async (secret) => {
        const value = await resolveSecret(secret, {}, process.env);
        scrubber.add(value);
        return value;
      }),
    now: options.now ?? Date.now,
  };
}

/**
 * Dumps a source into a store, under an id of its own, and publishes it by writing its manifest last.
 *
 * When it fails or is aborted nothing is published: what was stored is removed as far as the store lets
 * it, and without a manifest the rest is no backup. Other backups are never touched.
 *
 * @throws `OPTIONS_INVALID` the encryption has no recipient, or a wrong one; the bandwidth is none; `SECRET_*`
 * @throws `SOURCE_MISSING`, `SOURCE_UNREADABLE`, `SOURCE_INVALID`, `SOURCE_KIND_UNKNOWN`
 * @throws `DUMP_CORRUPT_SOURCE`, `DUMP_INCOMPLETE`, `DUMP_FAILED`
 * @throws `STORE_TOO_SMALL`, `SCRATCH_TOO_SMALL`, or what the store throws (`OBJECT_STORE_FULL` …)
 */
export async function createBackup(options: CreateBackupOptions): Promise<Backup> {
  const { scratchRoot, signal, startChild, secret, now } = settle(options);
  const { source: spec, store, storeName } = options;
  signal.throwIfAborted();
  checkName('source', spec.name);
  const set = checkName('backup set', options.set ?? spec.name);
  const { encryption, bandwidth } = options;
  const rate = bandwidth === undefined ? undefined : new Rate(bandwidth);
  const sealer = encryption === undefined ? undefined : await sealerFor(encryption, secret);
  const startedAt = now();
  const id = newBackupId(startedAt);
  const children = new Children(startChild);
  const attempt = new Attempt({
    store,
    path: backupPath(set, id),
    signal,
    startChild: children.start,
    sealer,
    rate,
  });
  return withScratch(scratchRoot, async (scratch) => {
    try {
      const room = { scratch, signal: attempt.signal, startChild: children.start, secret };
      const dump = await storeDump(sourceOfKind(spec.kind, options.sources), spec, room, attempt);
      const manifest = await attempt.publish(
        { ...dump, id, set, startedAt, endedAt: now() },
        {
          runId: options.runId ?? null,
          codeVersion: options.codeVersion ?? null,
          ...(options.beforePublish === undefined ? {} : { beforePublish: options.beforePublish }),
        },
      );
      return backupOf(manifest, storeName);
    } catch (error) {
      await attempt.abandon(error);
      throw signal.aborted ? signal.reason : error;
    } finally {
      await children.end();
    }
  });
}
