import { isAhead } from '../catalog/ahead.ts';
import type { CatalogEntry, CatalogProblem } from '../catalog/list-backups.ts';
import { plainBytesOf } from '../model/manifest.ts';
import type { Problem } from '../notify/compose.ts';

/** What one store tells of a set. */
export type StoreView =
  | {
      readonly store: string;
      /** Its backups of the set, in any order. */
      readonly backups: readonly CatalogEntry[];
      readonly problems: readonly CatalogProblem[];
    }
  | { readonly store: string; /** Why it could not be asked. */ readonly error: Problem };

/** A backup, wherever it lies. */
export interface SeenBackup {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** Size as the source gave it. */
  readonly bytes: number;
  /** Stores in which it is whole, as far as is known. */
  readonly stores: readonly string[];
  /** Whether it was proven by restoring it, from one of them at least. */
  readonly isRestorable: boolean;
  /** Whether what proves it was a restore of a sample, in every store. */
  readonly isSampled: boolean;
  /** When it was last proven, as far as it is; epoch milliseconds. */
  readonly provenAt: number | null;
}

/** A set as all of its stores tell it. */
export interface SeenSet {
  /** Newest first; those dated ahead are not among them. */
  readonly backups: readonly SeenBackup[];
  /** How many are dated in the future. */
  readonly ahead: number;
  readonly unreachable: readonly { readonly store: string; readonly error: Problem }[];
  readonly problems: readonly CatalogProblem[];
}

interface Found {
  readonly store: string;
  readonly entry: CatalogEntry;
}

function isWhole({ entry: { proof } }: Found): boolean {
  return proof.level !== null && proof.failedAt === undefined;
}

function seen(copies: readonly Found[]): SeenBackup | undefined {
  const [first] = copies;
  if (first === undefined) return undefined;
  const { manifest } = first.entry;
  const startedAt = Date.parse(manifest.startedAt);
  const proven = copies.flatMap(({ entry: { proof } }) =>
    proof.provenAt === undefined ? [] : [Date.parse(proof.provenAt)],
  );
  return {
    id: manifest.id,
    startedAt,
    durationMs: Math.max(0, Date.parse(manifest.endedAt) - startedAt),
    bytes: plainBytesOf(manifest),
    stores: copies.filter(isWhole).map(({ store }) => store),
    isRestorable: copies.some((one) => isWhole(one) && one.entry.proof.level === 'restored'),
    isSampled: copies.every(
      ({ entry: { proof } }) => proof.level !== 'restored' || proof.sample !== undefined,
    ),
    provenAt: proven.length === 0 ? null : Math.max(...proven),
  };
}

/**
 * Puts together what the stores tell. The same backup in several stores is one backup with several copies.
 *
 * @param now epoch milliseconds
 */
export function seeSet(views: readonly StoreView[], now: number): SeenSet {
  const byId = new Map<string, Found[]>();
  const unreachable: { store: string; error: Problem }[] = [];
  const problems: CatalogProblem[] = [];
  for (const view of views) {
    if ('error' in view) {
      unreachable.push(view);
      continue;
    }
    problems.push(...view.problems);
    for (const entry of view.backups) {
      const found = { store: view.store, entry };
      const copies = byId.get(entry.manifest.id);
      if (copies === undefined) byId.set(entry.manifest.id, [found]);
      else copies.push(found);
    }
  }
  const all = [...byId.values()].map(seen).filter((one) => one !== undefined);
  const backups = all.filter(({ startedAt }) => !isAhead(startedAt, now));
  return {
    backups: backups.toSorted((a, b) => b.startedAt - a.startedAt),
    ahead: all.length - backups.length,
    unreachable,
    problems,
  };
}
