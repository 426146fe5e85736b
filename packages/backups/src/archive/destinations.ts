import { type Duration, durationMs, HoldfastError } from '@holdfast/core';
import type { Problem } from '../notify/compose.ts';
import type { Copy } from './copy-backup.ts';

/** Where a backup is copied to: the name of a store, or that and how long it has to keep the copy. */
export type Destination =
  | string
  | {
      readonly store: string;
      /** How long the store itself keeps the copy from being changed or removed. Default: not at all. */
      readonly retainFor?: Duration;
    };

/** How a copy went. */
export interface CopyReport {
  readonly store: string;
  readonly copy?: Copy;
  readonly problem?: Problem;
}

/** How the copies of a backup went. */
export interface CopiesReport {
  /** One for each destination, in their order. */
  readonly copies: readonly CopyReport[];
  /** How many were made. */
  readonly made: number;
  /** Whether some were not: the backup has fewer copies than it should have. */
  readonly isDegraded: boolean;
}

/** The name of a destination's store. */
export function storeOf(destination: Destination): string {
  return typeof destination === 'string' ? destination : destination.store;
}

/** How a destination keeps a copy. */
export function keepingOf(destination: Destination): { readonly retainFor?: Duration } {
  if (typeof destination === 'string' || destination.retainFor === undefined) return {};
  return { retainFor: destination.retainFor };
}

/**
 * Refuses what would look like copies and is none: one store twice, or more copies than there are stores.
 *
 * @param who what is made of them, for messages
 * @throws `OPTIONS_INVALID`, `DURATION_INVALID`
 */
export function checkDestinations(
  who: string,
  destinations: readonly Destination[],
  atLeast: number,
): void {
  const names = destinations.map(storeOf);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  for (const destination of destinations) {
    const { retainFor } = keepingOf(destination);
    if (retainFor !== undefined) durationMs(retainFor);
  }
  const why =
    twice !== undefined
      ? `has the store ${twice} twice`
      : !Number.isSafeInteger(atLeast) || atLeast < 0
        ? 'needs a whole number, 0 or more, as atLeast'
        : atLeast > names.length
          ? `wants at least ${atLeast} copies in ${names.length} stores`
          : undefined;
  if (why === undefined) return;
  throw new HoldfastError('OPTIONS_INVALID', `${who} ${why}.`, {
    hint: 'Name each store once, and no more copies than stores.',
    retryable: false,
  });
}

/** Sums up how copies went. */
export function sumUp(copies: readonly CopyReport[]): CopiesReport {
  const made = copies.filter(({ copy }) => copy !== undefined).length;
  return { copies, made, isDegraded: made < copies.length };
}

/** The error for a backup that has too few copies: it names the stores, and why each has none. */
export function tooFewCopies(set: string, { copies, made }: CopiesReport, atLeast: number) {
  const missing = copies.filter(({ copy }) => copy === undefined);
  const reasons = missing.map(({ store, problem }) => `${store} (${problem?.code ?? 'Error'})`);
  const message = `${set} has ${made} of at least ${atLeast} copies; none in ${reasons.join(', ')}.`;
  return new HoldfastError('COPIES_TOO_FEW', message, {
    hint: 'See why each store has none. A copy that is made again goes on where it was.',
    retryable: false,
    context: { set, made, atLeast, stores: missing.map(({ store }) => store) },
  });
}
