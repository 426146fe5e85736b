import { optionsInvalid } from '../../errors/errors.ts';
import { checkObjectPrefix } from '../../store/object-key.ts';
import type { ObjectStore } from '../../store/object-store.ts';

/** Where results are kept that are too large for the run store. */
export interface ResultOptions {
  /** Takes what is larger than `inlineUpTo`. The engine does not close it. */
  readonly store: ObjectStore;
  /** The largest result that the run store keeps itself, in bytes of its JSON: at most 8 MiB. Default 64 KiB. */
  readonly inlineUpTo?: number;
  /**
   * What the keys of the objects begin with. It belongs to one run store alone: what lies there and belongs to none of its
   * runs is removed by `engine.sweepResults()`. Default `'results'`.
   */
  readonly prefix?: string;
}

/** {@link ResultOptions}, checked and filled in. */
export interface ResultKeeping {
  /** Undefined: what the run store cannot keep is refused. */
  readonly store: ObjectStore | undefined;
  readonly inlineUpTo: number;
  /** Ends with a slash. */
  readonly prefix: string;
}

/**
 * The largest result that a run store is given, in bytes of its JSON. A record is written twice, with the run and with its
 * history; every recovery and every list of runs reads it whole; and the event loop stands still while it is turned into
 * text.
 */
const MOST_INLINE = 8 * 1024 * 1024;

const WHAT = "The engine's results";

function refused(problem: string, hint = 'Correct it, or leave it out.'): Error {
  return optionsInvalid(WHAT, problem, hint);
}

/** Checks where large results go. Throws `OPTIONS_INVALID`, `OBJECT_KEY_INVALID`. */
export function resultKeeping(options: ResultOptions | undefined): ResultKeeping {
  if (options === undefined) return { store: undefined, inlineUpTo: MOST_INLINE, prefix: '' };
  const { store, inlineUpTo = 64 * 1024, prefix = 'results' } = options;
  if (typeof store?.put !== 'function') {
    throw refused('store is no object store', 'Give { store: localObjectStore(directory) }.');
  }
  if (!(Number.isSafeInteger(inlineUpTo) && inlineUpTo >= 0 && inlineUpTo <= MOST_INLINE)) {
    throw refused(`inlineUpTo must be a whole number of bytes up to ${MOST_INLINE}`);
  }
  if (prefix === '' || prefix.endsWith('/')) {
    throw refused(
      'prefix is empty, or ends with a slash',
      "Give { prefix: 'results/production' }.",
    );
  }
  checkObjectPrefix(prefix);
  return { store, inlineUpTo, prefix: `${prefix}/` };
}
