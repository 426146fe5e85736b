import { type LimitUse, task } from '@holdfast/core';
import {
  checkDestinations,
  type CopiesReport,
  type CopyReport,
  type Destination,
  keepingOf,
  storeOf,
  sumUp,
  tooFewCopies,
} from '../archive/destinations.ts';
import { problemOf } from '../notify/compose.ts';
import { archiveBackup, type ArchivedBackup } from './archive.ts';

/** What the task is told. */
export interface CopiesInput {
  /** What is copied, and from where. */
  readonly backup: ArchivedBackup;
  /** Where to, all at once. */
  readonly to: readonly Destination[];
  /** How many have to be made; fewer fail the task, after all were tried. Default: all. */
  readonly atLeast?: number;
  /** Limits that each copy takes its share of. Default: none. */
  readonly limits?: readonly LimitUse[];
}

/**
 * Copies a backup to several object stores at once, each as a run of {@link archiveBackup} with its retries. At least
 * N of M must succeed: where some failed, but not too many, the report says so.
 *
 * @throws `COPIES_TOO_FEW`, `OPTIONS_INVALID`, `DURATION_INVALID`
 */
export const archiveCopies = task(
  async (input: CopiesInput): Promise<CopiesReport> => {
    const { backup, to, atLeast = to.length, limits } = input;
    checkDestinations('archiveCopies', to, atLeast);
    const archive = limits === undefined ? archiveBackup : archiveBackup.with({ limits });
    const copyTo = async (destination: Destination): Promise<CopyReport> => {
      const store = storeOf(destination);
      const copy = await archive.submit(backup, store, keepingOf(destination)).outcome();
      return copy.ok ? { store, copy: copy.value } : { store, problem: problemOf(copy.error) };
    };
    const report = sumUp(await Promise.all(to.map(copyTo)));
    if (report.made < atLeast) throw tooFewCopies(backup.set, report, atLeast);
    return report;
  },
  {
    name: 'archiveCopies',
    description: 'Copies a backup to several object stores, of which some may fail.',
    runName: ({ backup }: CopiesInput) => `copies of ${backup.set}`,
    tags: ['backup', 'archive'],
  },
);
