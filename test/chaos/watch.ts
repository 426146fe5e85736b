import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Catalog, listBackups, listRecoveryPoints, verifyBackup } from '@holdfast/backups';
import type { ObjectStore, Secret } from '@holdfast/core';
import { localObjectStore } from '@holdfast/storage/local';

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

/** Watches one store over many kills: what was listed once has to be whole, and to stay as it is. */
export class Watch {
  readonly damaged: string[] = [];
  readonly changed: string[] = [];
  readonly #store: ObjectStore;
  readonly #scratchRoot: string;
  readonly #identities: readonly Secret[];
  readonly #known = new Map<string, string>();
  /** Recovery points that were seen. */
  readonly points = new Set<string>();

  /** @param identities what encrypted backups are read with */
  constructor(directory: string, name: string, identities: readonly Secret[] = []) {
    this.#identities = identities;
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
    await this.#lookAtPoints();
  }

  async #lookAtPoints(): Promise<void> {
    const { points, problems } = await listRecoveryPoints(this.#store);
    for (const problem of problems) this.damaged.push(`${problem.key}: ${problem.message}`);
    for (const { point, isWhole } of points) {
      this.points.add(point.id);
      if (!isWhole) this.damaged.push(`the recovery point ${point.id} is not whole`);
    }
  }

  async #verify({ set, id }: { readonly set: string; readonly id: string }): Promise<void> {
    try {
      await verifyBackup({
        backup: { set, id },
        store: this.#store,
        level: 'readable',
        scratchRoot: this.#scratchRoot,
        identities: this.#identities,
      });
    } catch (error) {
      this.damaged.push(`${id}: ${String(error)}`);
    }
  }
}
