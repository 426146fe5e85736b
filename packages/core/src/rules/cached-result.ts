import type { Run } from '../model/run.ts';
import type { CachedResult } from '../model/shared-state.ts';
import type { EpochMs } from '../model/state.ts';

/** What is known where a cached result is looked up. */
export interface CacheFacts {
  readonly now: EpochMs;
  /** The run that the result comes from; undefined when its history is forgotten. */
  readonly source: Run | undefined;
  /** Only results that were made after this are wanted. */
  readonly after?: EpochMs;
}

/**
 * Whether a cached result is given to an equal run: not once it has expired, nor when the run that it comes from was rolled
 * back, or was run again since. Pure.
 */
export function mayBeServed(entry: CachedResult, { now, source, after }: CacheFacts): boolean {
  const { expiresAt, at, generation } = entry;
  if (expiresAt !== undefined && expiresAt <= now) return false;
  if (after !== undefined && at <= after) return false;
  if (source === undefined) return true;
  return source.rolledBackAt === undefined && source.generation === generation;
}
