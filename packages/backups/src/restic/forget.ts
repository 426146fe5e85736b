import { HoldfastError } from '@holdfast/core';
import type { SnapshotRef } from '../model/manifest.ts';
import type { ResticRepository } from './repository.ts';
import { type ResticWork, runRestic } from './run-restic.ts';

/** Removes snapshots from their repositories, as pruning decides. */
export class Forgetting {
  readonly #work: Omit<ResticWork, 'repository'>;
  readonly #repositories: ReadonlyMap<string, ResticRepository>;
  readonly #touched = new Set<ResticRepository>();

  constructor(repositories: readonly ResticRepository[], work: Omit<ResticWork, 'repository'>) {
    this.#work = work;
    this.#repositories = new Map(repositories.map((one) => [one.repository, one]));
  }

  /**
   * Finds the repository of a snapshot: before anything of its backup is removed.
   *
   * @throws `RESTIC_REPOSITORY_MISSING` it was not given
   */
  repositoryOf({ repository, id }: SnapshotRef): ResticRepository {
    const found = this.#repositories.get(repository);
    if (found !== undefined) return found;
    throw new HoldfastError('RESTIC_REPOSITORY_MISSING', `${repository} was not given.`, {
      hint: 'Give the prune its `repositories`. The snapshot is left where it is.',
      retryable: false,
      context: { repository, snapshot: id },
    });
  }

  /** Removes a snapshot; one that is gone already is no error. */
  async forget(snapshot: SnapshotRef): Promise<void> {
    const repository = this.repositoryOf(snapshot);
    await runRestic({ ...this.#work, repository }, ['forget', '--quiet', snapshot.id]);
    this.#touched.add(repository);
  }

  /** Has restic remove the data that no snapshot needs any more. */
  async end(): Promise<void> {
    for (const repository of this.#touched) {
      await runRestic({ ...this.#work, repository }, ['prune', '--quiet']);
    }
  }
}
