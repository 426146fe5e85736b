import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listBackups, verifyBackup, type Catalog } from '@holdfast/backups';
import type { ObjectStore } from '@holdfast/core';
import { localObjectStore } from '@holdfast/storage/local';
import { runAndKill } from './kill.ts';

const PROGRAM = fileURLToPath(new URL('programs/nights.ts', import.meta.url));
/** Milliseconds: kills hit the start, the recovery, and one or two nights. */
const SPAN = 2500;

/** What all the kills together showed. */
export interface NightsReport {
  readonly kills: number;
  /** Backups and copies that were listed at the end. */
  readonly listed: number;
  /** Listed backups that are not whole, and objects in the catalog's way. */
  readonly damaged: readonly string[];
  /** Listed backups whose objects are no longer what they were when first listed. */
  readonly changed: readonly string[];
  /** Scratch places that the last process left, and nobody else. */
  readonly scratchLeft: number;
}

async function hashOf(store: ObjectStore, prefix: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const { key } of store.list(prefix)) {
    // Verification records are added later; nothing else is.
    if (key.includes('/verifications/')) continue;
    hash.update(key);
    for await (const chunk of store.get(key)) hash.update(chunk);
  }
  return hash.digest('hex');
}

/** Watches one store over the kills. */
class Watch {
  readonly damaged: string[] = [];
  readonly changed: string[] = [];
  readonly #store: ObjectStore;
  readonly #scratchRoot: string;
  readonly #known = new Map<string, string>();

  constructor(directory: string, name: string) {
    this.#store = localObjectStore(join(directory, name));
    this.#scratchRoot = join(directory, 'watch');
  }

  get listed(): number {
    return this.#known.size;
  }

  async look(): Promise<void> {
    const catalog: Catalog = await listBackups(this.#store);
    for (const problem of catalog.problems) this.damaged.push(`${problem.key}: ${problem.message}`);
    const now = new Set(catalog.backups.map(({ path }) => path));
    for (const [path, hash] of this.#known) {
      if (!now.has(path) || (await hashOf(this.#store, path)) !== hash) this.changed.push(path);
    }
    for (const { path, manifest } of catalog.backups) {
      if (this.#known.has(path)) continue;
      this.#known.set(path, await hashOf(this.#store, path));
      await this.#verify(manifest);
    }
  }

  async #verify({ set, id }: { readonly set: string; readonly id: string }): Promise<void> {
    try {
      await verifyBackup({
        backup: { set, id },
        store: this.#store,
        level: 'readable',
        scratchRoot: this.#scratchRoot,
      });
    } catch (error) {
      this.damaged.push(`${id}: ${String(error)}`);
    }
  }
}

/** Kills a process that makes nightly backups, again and again, at random; the next one recovers. */
export async function killNights(kills: number): Promise<NightsReport> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-nights-'));
  try {
    const watches = [new Watch(directory, 'primary'), new Watch(directory, 'vault')];
    for (let kill = 0; kill < kills; kill++) {
      const { complaints } = await runAndKill(PROGRAM, [directory], SPAN, 'up');
      if (complaints !== '') throw new Error(`the process complained:\n${complaints}`);
      for (const watch of watches) await watch.look();
    }
    const scratch = await readdir(join(directory, 'scratch')).catch(() => []);
    return {
      kills,
      listed: watches.reduce((sum, watch) => sum + watch.listed, 0),
      damaged: watches.flatMap((watch) => watch.damaged),
      changed: watches.flatMap((watch) => watch.changed),
      scratchLeft: scratch.length,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
