import { attempt } from './problems.ts';
import type { TemporaryFile } from './temporary-files.ts';

/** After so many bytes the disk begins with them, so that little is left for the sync at the end. */
const SYNC_BYTES = 64 * 1024 * 1024;

/** Syncs what was written while more is: one sync at a time. Its failure is the write's, as no later one would tell of it. */
export class EarlySync {
  readonly #file: TemporaryFile;
  readonly #onFailure: (failure: unknown) => void;
  #unsynced = 0;
  #syncing: Promise<void> | undefined;

  constructor(file: TemporaryFile, onFailure: (failure: unknown) => void) {
    this.#file = file;
    this.#onFailure = onFailure;
  }

  written(bytes: number): void {
    this.#unsynced += bytes;
    if (this.#unsynced < SYNC_BYTES || this.#syncing !== undefined) return;
    this.#unsynced = 0;
    const { handle, path } = this.#file;
    this.#syncing = attempt(`sync '${path}'`, handle.datasync())
      .catch(this.#onFailure)
      .finally(() => (this.#syncing = undefined));
  }

  async settle(): Promise<void> {
    await this.#syncing;
  }
}
