import { optionsInvalid } from '../../errors/errors.ts';
import { durationMs, type Duration } from '../../model/duration.ts';
import { isTerminalType, type EpochMs, type TerminalState } from '../../model/state.ts';
import type { PruneRequest } from '../../store/shared-state.ts';

/** Which ended top-level runs to forget. All conditions must hold; one of the first two is needed. */
export interface PruneOptions {
  /** Only those that ended before this. */
  readonly endedBefore?: Date;
  /** Only those that ended longer ago than this. */
  readonly olderThan?: Duration;
  /** Only those that ended in one of these states. Default: all. */
  readonly states?: readonly TerminalState['type'][];
  /** Only those of the flow of this name. */
  readonly name?: string;
  /** At most so many top-level runs, the ones that ended first leading. Default: all. */
  readonly limit?: number;
}

/** What was forgotten. */
export interface PruneReport {
  /** Top-level runs. */
  readonly roots: number;
  /** Runs in all: top-level ones, and those below them. */
  readonly runs: number;
  /** Their results in the object store. */
  readonly objects: number;
}

/** What a store is asked for, batch by batch. */
export type PruneFilter = Pick<PruneRequest, 'endedBefore' | 'states' | 'name'>;

function refused(problem: string): Error {
  const hint = "Say which runs to forget: { olderThan: '90d' } or { endedBefore: new Date(…) }.";
  return optionsInvalid('prune()', problem, hint);
}

function timeOf({ endedBefore, olderThan }: PruneOptions, now: EpochMs): EpochMs {
  if (endedBefore !== undefined && olderThan !== undefined) {
    throw refused('both endedBefore and olderThan are given');
  }
  if (olderThan !== undefined) return now - durationMs(olderThan, 'olderThan of prune()');
  const time = endedBefore instanceof Date ? endedBefore.getTime() : Number.NaN;
  if (Number.isNaN(time)) throw refused('neither endedBefore nor olderThan says when they ended');
  return time;
}

/** Checks what is to be forgotten. Throws `OPTIONS_INVALID`, `DURATION_INVALID`. */
export function pruneFilter(options: PruneOptions, now: EpochMs): PruneFilter {
  const { states, name, limit = Infinity } = options;
  const endedBefore = timeOf(options, now);
  if (states?.every((state) => isTerminalType(state)) === false) {
    throw refused('states names one that no run ends in');
  }
  if (!(limit >= 1)) throw refused('limit is no number from 1');
  return {
    endedBefore,
    ...(states === undefined ? {} : { states }),
    ...(name === undefined ? {} : { name }),
  };
}
