import { mkdir, readdir, rmdir } from 'node:fs/promises';
import { HoldfastError } from '@holdfast/core';
import { type ResticWork, runRestic } from './run-restic.ts';

/** How a repository is checked. */
export interface ResticCheckOptions extends ResticWork {
  /**
   * What of the data is read and compared with its hashes: all of it, none, or a part as restic's
   * `--read-data-subset` takes it: '10%', '1/7', '500M'. Default false: the structure alone is checked.
   */
  readonly readData?: boolean | string;
}

/** That a repository is sound, as far as it was looked at. */
export interface ResticChecked {
  readonly repository: string;
  readonly readData: boolean | string;
}

/**
 * Checks a repository.
 *
 * @throws `RESTIC_DAMAGED`; `RESTIC_PASSWORD_WRONG`, `RESTIC_REPOSITORY_MISSING`, `RESTIC_LOCKED`, `RESTIC_FAILED`, `TOOL_MISSING`
 */
export async function checkRestic(options: ResticCheckOptions): Promise<ResticChecked> {
  const { readData = false } = options;
  const { repository } = options.repository;
  const subset = typeof readData === 'string' ? [`--read-data-subset=${readData}`] : [];
  await runRestic(options, ['check', ...(readData === true ? ['--read-data'] : subset)]);
  return { repository, readData };
}

/** How a snapshot is restored. */
export interface ResticRestoreOptions extends ResticWork {
  /** Restic's name of it, or 'latest'. */
  readonly snapshot: string;
  /** A directory that is not there, or empty: the files come below it, under their whole paths. */
  readonly to: string;
  /** Patterns of restic's `--include`. Default: everything. */
  readonly include?: readonly string[];
}

/** What was restored. */
export interface ResticRestored {
  readonly repository: string;
  readonly snapshot: string;
  readonly to: string;
  /** Files that restic has read back and compared. */
  readonly filesVerified: number;
}

async function claim(to: string): Promise<boolean> {
  const made = (await mkdir(to, { recursive: true })) !== undefined;
  if ((await readdir(to)).length === 0) return made;
  throw new HoldfastError('RESTORE_TARGET_NOT_EMPTY', `${to} is not empty; nothing was restored.`, {
    hint: 'Restore to another place.',
    retryable: false,
    context: { path: to },
  });
}

/**
 * Restores a snapshot into an empty directory, and has restic read back what it wrote (`--verify`).
 *
 * @throws `RESTORE_TARGET_NOT_EMPTY`, `RESTIC_DAMAGED`; `RESTIC_PASSWORD_WRONG`, `RESTIC_REPOSITORY_MISSING`, `RESTIC_LOCKED`, `RESTIC_FAILED`, `TOOL_MISSING`
 */
export async function restoreByRestic(options: ResticRestoreOptions): Promise<ResticRestored> {
  const { snapshot, to, include = [] } = options;
  if (!/^(?:latest|[0-9a-f]{8,64})$/.test(snapshot)) {
    throw new HoldfastError('OPTIONS_INVALID', `'${snapshot}' names no snapshot.`, {
      hint: "Give the name that the backup was given, or 'latest'.",
      retryable: false,
      context: { snapshot },
    });
  }
  const made = await claim(to);
  let filesVerified = 0;
  const take = (line: string): void => {
    filesVerified = Number(/^finished verifying (\d+) files/.exec(line)?.[1] ?? filesVerified);
  };
  const wanted = include.map((pattern) => `--include=${pattern}`);
  try {
    await runRestic(options, ['restore', snapshot, `--target=${to}`, '--verify', ...wanted], take);
  } catch (error) {
    // Only where nothing has been written to it.
    if (made) await rmdir(to).catch(() => undefined);
    throw error;
  }
  return { repository: options.repository.repository, snapshot, to, filesVerified };
}
