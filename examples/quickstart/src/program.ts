import { fileTree, nightlyBackup, sqliteSource } from '@holdfast/backups';
import { createEngine, type Engine, type ObjectStore } from '@holdfast/core';
import { localObjectStore } from '@holdfast/storage/local';
import { sqliteRunStore } from '@holdfast/storage/sqlite';
import { unreachableOnce } from './flaky-store.ts';
import type { Place } from './place.ts';

export type Nightly = ReturnType<typeof nightlyBackup>;

/** What the quickstart runs, and where. */
export interface Program {
  readonly engine: Engine;
  readonly nightly: Nightly;
  readonly primary: ObjectStore;
  readonly vault: ObjectStore;
}

/** The flow: two sources, each backed up to one store and copied to another. */
export function nightlyAt(place: Place): Nightly {
  return nightlyBackup({
    name: 'nightly',
    sources: [
      sqliteSource({ name: 'shop', path: place.database }),
      fileTree({ name: 'files', path: place.files }),
    ],
    stores: { primary: 'primary', copies: ['vault'] },
    scratchRoot: place.scratch,
  });
}

/** The whole of it: two stores, one flow, one engine. */
export function programAt(place: Place): Program {
  const primary = localObjectStore(place.primary);
  const vault = localObjectStore(place.vault);
  const nightly = nightlyAt(place);
  const engine = createEngine({
    store: sqliteRunStore(place.runs),
    flows: [nightly],
    // The vault fails once, so that a retry can be seen.
    resources: { primary, vault: unreachableOnce(vault) },
  });
  return { engine, nightly, primary, vault };
}
