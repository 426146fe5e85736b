import type { EncodedBatch } from './encode-batch.ts';
import type { TaskWrite } from './task-write.ts';

/** A commit that the server has acknowledged, and might lose if its machine fails now. */
export type UnflushedCommit =
  | { readonly batch: EncodedBatch; readonly turn: number }
  | { readonly task: TaskWrite };

/** So many are kept at the most: then a commit is made that waits for the disk. */
const MOST = 64;

/**
 * The commits of a store that the disk may not have yet, in their order: a server that fails forgets the last ones of
 * them. Each commit shows whether those before it are there, the first of a batch by its turn, a task's by the version
 * of the run, and what it cannot show is asked for beside it.
 */
export class Unflushed {
  #commits: UnflushedCommit[] = [];

  get isFull(): boolean {
    return this.#commits.length >= MOST;
  }

  add(commit: UnflushedCommit): void {
    this.#commits.push(commit);
  }

  /** The disk has what came before. */
  clear(): void {
    this.#commits = [];
  }

  all(): readonly UnflushedCommit[] {
    return this.#commits;
  }

  /** Whether the version that a write expects shows that nothing was forgotten. */
  isShownBy({ id, expect }: TaskWrite): boolean {
    const last = this.#commits.at(-1);
    if (last === undefined) return true;
    const sameRun = this.#commits.every((commit) => 'task' in commit && commit.task.id === id);
    return sameRun && 'task' in last && last.task.version === expect;
  }

  /** The last one where it is a task's: a turn does not show it. */
  get lastTask(): TaskWrite | undefined {
    const last = this.#commits.at(-1);
    return last !== undefined && 'task' in last ? last.task : undefined;
  }
}
