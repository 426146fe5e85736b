import { lstat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { HoldfastError, isHoldfastError } from '@holdfast/core';
import { type ResticWork, runRestic } from './run-restic.ts';

/** How files are backed up by restic. */
export interface ResticBackupOptions extends ResticWork {
  /** Absolute paths of files and directories. */
  readonly paths: readonly string[];
  /** Patterns of restic's `--exclude`. Default: nothing is left out. */
  readonly exclude?: readonly string[];
  /** Tags of the snapshot. Default: none. */
  readonly tags?: readonly string[];
  /** Whether other file systems below the paths are left out. Default false. */
  readonly oneFileSystem?: boolean;
  /** Makes the repository where there is none. Default false: a wrong path makes no new, empty repository. */
  readonly init?: boolean;
  /** Told about once a second. */
  readonly onProgress?: (progress: ResticProgress) => void;
}

/** How far a backup has come, in bytes of the files. */
export interface ResticProgress {
  readonly done: number;
  /** Undefined until everything was found. */
  readonly total?: number;
}

/** A snapshot that restic has made. */
export interface ResticSnapshot {
  /** Restic's name of it, 8 hex digits or more. */
  readonly snapshot: string;
  readonly repository: string;
  readonly filesNew: number;
  readonly filesChanged: number;
  readonly filesUnmodified: number;
  /** Size of all files in the snapshot. */
  readonly bytes: number;
  /** What was new to the repository, before compression. */
  readonly bytesAdded: number;
}

interface Message {
  readonly [field: string]: unknown;
}

function parse(line: string): Message {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Message) : {};
  } catch {
    return {};
  }
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function invalid(why: string): HoldfastError {
  return new HoldfastError('OPTIONS_INVALID', `resticBackup: ${why}.`, {
    hint: 'Correct the options.',
    retryable: false,
    context: {},
  });
}

/** restic leaves out what is not there, says so, and ends with 0. */
async function checkPaths(paths: readonly string[]): Promise<void> {
  if (paths.length === 0) throw invalid('there are no paths');
  for (const path of paths) {
    if (!isAbsolute(path)) throw invalid(`the path ${path} is not absolute`);
    const there = await lstat(path).catch(() => undefined);
    if (there !== undefined) continue;
    throw new HoldfastError('SOURCE_MISSING', `${path} is not there.`, {
      hint: 'Check the path, and that its disk is mounted. Nothing was backed up.',
      retryable: false,
      context: { path },
    });
  }
}

async function makeReady(options: ResticBackupOptions): Promise<void> {
  try {
    // Removes locks of processes that are certainly dead, and no others.
    await runRestic(options, ['unlock', '--quiet']);
  } catch (error) {
    const missing = isHoldfastError(error) && error.code === 'RESTIC_REPOSITORY_MISSING';
    if (!missing || options.init !== true) throw error;
    await runRestic(options, ['init', '--quiet']);
  }
}

function snapshotOf(summary: Message, repository: string): ResticSnapshot {
  const snapshot = summary['snapshot_id'];
  if (typeof snapshot !== 'string' || snapshot === '') {
    throw new HoldfastError('RESTIC_FAILED', 'restic ended well, and named no snapshot.', {
      hint: 'Look at the repository with `restic snapshots`.',
      context: { repository },
    });
  }
  return {
    snapshot,
    repository,
    filesNew: numberOf(summary['files_new']),
    filesChanged: numberOf(summary['files_changed']),
    filesUnmodified: numberOf(summary['files_unmodified']),
    bytes: numberOf(summary['total_bytes_processed']),
    bytesAdded: numberOf(summary['data_added']),
  };
}

function unreadable(stderr: string): HoldfastError {
  const items = stderr.split('\n').map((line) => parse(line)['item']);
  const names = [...new Set(items.filter((item) => typeof item === 'string'))];
  const shown = names.slice(0, 3).join(', ');
  return new HoldfastError('SOURCE_UNREADABLE', `restic could not read everything: ${shown}`, {
    hint: 'Give this process the right to read it, or exclude it. The snapshot is there, without what is named.',
    retryable: false,
    context: { names: names.slice(0, 100) },
  });
}

/**
 * Backs files up into a repository of restic: incremental, deduplicated, encrypted. Locks that dead processes left
 * are removed first.
 *
 * @throws `SOURCE_MISSING` a path is not there; `SOURCE_UNREADABLE` something could not be read: the snapshot lacks it
 * @throws `RESTIC_PASSWORD_WRONG`, `RESTIC_REPOSITORY_MISSING`, `RESTIC_LOCKED`, `RESTIC_FAILED`, `TOOL_MISSING`; `OPTIONS_INVALID`
 */
export async function backUpByRestic(options: ResticBackupOptions): Promise<ResticSnapshot> {
  const { paths, exclude = [], tags = [], oneFileSystem = false, onProgress, repository } = options;
  await checkPaths(paths);
  await makeReady(options);
  let summary: Message = {};
  const take = (line: string): void => {
    const message = parse(line);
    if (message['message_type'] === 'summary') summary = message;
    if (message['message_type'] !== 'status') return;
    const total = numberOf(message['total_bytes']);
    const done = numberOf(message['bytes_done']);
    onProgress?.(total > 0 ? { done, total } : { done });
  };
  const args = [
    'backup',
    '--json',
    ...exclude.map((pattern) => `--exclude=${pattern}`),
    ...tags.map((tag) => `--tag=${tag}`),
    ...(oneFileSystem ? ['--one-file-system'] : []),
    '--',
    ...paths,
  ];
  const end = await runRestic(options, args, take, [0, 3]);
  // 3: a snapshot was made, and something is missing in it.
  if (end.code === 3) throw unreadable(end.stderr);
  const snapshot = snapshotOf(summary, repository.repository);
  // What restic says on its way may end anywhere.
  onProgress?.({ done: snapshot.bytes, total: snapshot.bytes });
  return snapshot;
}
