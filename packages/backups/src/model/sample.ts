import { createHash } from 'node:crypto';
import { HoldfastError } from '@holdfast/core';

/** How much of a big set is compared by a verification that restores. */
export interface SampleOption {
  /** Which part of the members of a tree, or of the tables of a server's databases: above 0 and below 1. */
  readonly share: number;
  /** Chooses them: the same seed chooses the same ones. Default: another with each verification, kept in its record. */
  readonly seed?: string;
}

/** A sample whose seed is settled. */
export type Sample = Required<SampleOption>;

/** What a sample was of. */
export interface Sampled {
  readonly unit: 'members' | 'tables';
  /** How many were compared. */
  readonly taken: number;
  /** How many there are. */
  readonly of: number;
}

/** The sample of a verification, as its record and the catalog tell it: what was not in it is not proven restorable. */
export interface SampleTaken extends Sample, Sampled {}

/** @throws `OPTIONS_INVALID` */
export function checkSample({ share, seed }: SampleOption): void {
  const isShare = typeof share === 'number' && share > 0 && share < 1;
  if (isShare && (seed === undefined || typeof seed === 'string')) return;
  throw new HoldfastError('OPTIONS_INVALID', 'A sample has a share above 0 and below 1.', {
    hint: 'Give { share: 0.1 } for a tenth; leave it out to compare everything.',
    retryable: false,
  });
}

/** Where a name stands between 0 and 1: anywhere, but for a seed always at the same place. */
function placeOf(name: string, seed: string): number {
  const hash = createHash('sha256')
    .update(JSON.stringify([seed, name]))
    .digest();
  return hash.readUInt32BE() / 2 ** 32;
}

/** Chooses about a share of names, one at least. The same for the same seed, whatever the order of the names. */
export function chooseSample(names: readonly string[], { share, seed }: Sample): Set<string> {
  const places = names.map((name) => [name, placeOf(name, seed)] as const);
  const chosen = places.filter(([, place]) => place < share);
  if (chosen.length > 0) return new Set(chosen.map(([name]) => name));
  const [least] = places.toSorted(([, a], [, b]) => a - b);
  return new Set(least === undefined ? [] : [least[0]]);
}
