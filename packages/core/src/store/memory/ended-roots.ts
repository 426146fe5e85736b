import type { RunId } from '../../model/ids.ts';

/** The top-level runs that have ended, in the order of their ends, and how many runs they hold. */
export class EndedRoots {
  readonly #sizes = new Map<RunId, number>();
  #runs = 0;

  /** How many runs there are at and below ended roots. */
  get runs(): number {
    return this.#runs;
  }

  /** The roots, the one that ended first leading. May be changed while it is read. */
  get ids(): IterableIterator<RunId> {
    return this.#sizes.keys();
  }

  /** A root has ended with so many runs, itself included: it stands behind all others. */
  note(id: RunId, runs: number): void {
    this.forget(id);
    this.#sizes.set(id, runs);
    this.#runs += runs;
  }

  /** A root has lost what was below it; its place stays. */
  resize(id: RunId, runs: number): void {
    this.#runs += runs - (this.#sizes.get(id) ?? 0);
    this.#sizes.set(id, runs);
  }

  /** A root is gone, or runs again. */
  forget(id: RunId): void {
    this.#runs -= this.#sizes.get(id) ?? 0;
    this.#sizes.delete(id);
  }
}
