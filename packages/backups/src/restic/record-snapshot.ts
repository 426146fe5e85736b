import type { ObjectStore } from '@holdfast/core';
import { type Backup, backupOf } from '../model/backup.ts';
import { newBackupId } from '../model/backup-id.ts';
import { backupPath } from '../model/layout.ts';
import { MANIFEST_FORMAT, MANIFEST_VERSION, type UnsealedManifest } from '../model/manifest.ts';
import { checkName } from '../model/names.ts';
import { PACKAGE_VERSION } from '../package-version.ts';
import { Attempt } from '../publish/attempt.ts';
import { settle } from '../publish/create-backup.ts';
import { writeGuide, writeSums } from '../publish/documents.ts';
import { shellQuote } from '../publish/shell-quote.ts';
import { NO_FILES } from '../sources/source.ts';
import type { ResticSnapshot } from './backup.ts';

/** A snapshot that is to be listed among backups. */
export interface SnapshotToRecord {
  readonly snapshot: ResticSnapshot;
  readonly paths: readonly string[];
  readonly store: ObjectStore;
  /** The store's name, for {@link Backup.store}. */
  readonly storeName: string;
  /** The backup set. */
  readonly set: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly runId: string | null;
  readonly signal: AbortSignal;
  readonly beforePublish?: () => Promise<void>;
}

function guideOf({ snapshot, paths, set }: SnapshotToRecord, id: string, times: Times) {
  const { repository, snapshot: name } = snapshot;
  const facts = { id, set, kind: 'restic', ...times, warnings: [], artifacts: [] };
  return writeGuide(facts, {
    programs: ['restic'],
    summary: `Restores ${paths.join(', ')} below \`restored\`; restic asks for the password of the repository.`,
    commands: [
      `test ! -e restored`,
      `restic --repo=${shellQuote(repository)} restore ${name} --target=restored --verify`,
    ],
  });
}

type Times = Pick<UnsealedManifest, 'startedAt' | 'endedAt'>;

function filesIn({ filesNew, filesChanged, filesUnmodified }: ResticSnapshot): number {
  return filesNew + filesChanged + filesUnmodified;
}

function manifestOf(recorded: SnapshotToRecord, id: string, times: Times): UnsealedManifest {
  const { snapshot, paths, set, runId } = recorded;
  const { repository, snapshot: name, bytes } = snapshot;
  const files = filesIn(snapshot);
  return {
    format: MANIFEST_FORMAT,
    version: MANIFEST_VERSION,
    id,
    set,
    source: { kind: 'restic', name: set, identity: { paths: [...paths], repository } },
    tools: [{ name: '@holdfast/backups', version: PACKAGE_VERSION }],
    ...times,
    artifacts: [],
    documents: [],
    // What restic met at the source, as it read it.
    fingerprint: { kind: 'stream', bytes, counts: [{ what: 'files', least: files, most: files }] },
    warnings: [],
    changed: NO_FILES,
    vanished: NO_FILES,
    runId,
    codeVersion: null,
    snapshot: { repository, id: name },
  };
}

/**
 * Lists a snapshot of restic among the backups of a set: by a manifest without artifacts that names it, and RESTORE.md.
 * Written last, if absent.
 *
 * @throws `BACKUP_NAME_INVALID`, or what the store throws: the snapshot is in its repository all the same
 */
export async function recordSnapshot(recorded: SnapshotToRecord): Promise<Backup> {
  const { store, signal, startedAt, endedAt, beforePublish } = recorded;
  const set = checkName('backup set', recorded.set);
  const id = newBackupId(startedAt);
  const { startChild } = settle({});
  const place = { store, path: backupPath(set, id), signal, startChild };
  const attempt = new Attempt({ ...place, sealer: undefined, rate: undefined });
  const times = {
    startedAt: new Date(startedAt).toISOString(),
    endedAt: new Date(endedAt).toISOString(),
  };
  try {
    const guide = guideOf(recorded, id, times);
    const sums = writeSums([], [guide]);
    for (const one of [guide, sums]) await attempt.write(one);
    const documents = [guide.document, sums.document];
    const fields = { ...manifestOf(recorded, id, times), documents };
    const publication = beforePublish === undefined ? {} : { beforePublish };
    return backupOf(await attempt.publishManifest(fields, publication), recorded.storeName);
  } catch (error) {
    await attempt.abandon(error);
    throw error;
  }
}
