import { task, type CommitInfo, type RollbackInfo, type RunId } from '@holdfast/core';
import type { Bench } from '../engine/support.ts';

/** What tasks and their hooks did, in order: `do a`, `commit a`, `undo a`. */
export class Diary {
  readonly lines: string[] = [];
  /** Names of which the hook throws. */
  readonly commitFails = new Set<string>();
  readonly rollbackFails = new Set<string>();
  readonly commits: CommitInfo[] = [];
  readonly rollbacks: RollbackInfo[] = [];

  /** A task that gives its argument, which is its key, and can be undone. */
  readonly step = task(
    async (name: string) => {
      this.lines.push(`do ${name}`);
      return name;
    },
    {
      name: 'step',
      key: (name) => name,
      onCommit: (name, info) => {
        this.lines.push(`commit ${name}`);
        this.commits.push(info);
        if (this.commitFails.has(name)) throw new Error(`commit of ${name} broke`);
      },
      onRollback: (name, info) => {
        this.lines.push(`undo ${name}`);
        this.rollbacks.push(info);
        if (this.rollbackFails.has(name)) throw new Error(`undo of ${name} broke`);
      },
    },
  );

  readonly fail = task(
    async (why: string): Promise<never> => {
      throw Object.assign(new Error(why), { code: 'E_NO' });
    },
    { name: 'fail' },
  );

  /** The lines that begin with one of these words. */
  of(...words: readonly string[]): string[] {
    return this.lines.filter((line) => words.some((word) => line.startsWith(`${word} `)));
  }

  clear(): void {
    this.lines.length = 0;
    this.commits.length = 0;
    this.rollbacks.length = 0;
  }
}

/** The runs of a tree as `name key?`, those that were rolled back with a minus. */
export async function marks({ engine }: Bench, id: RunId): Promise<string[]> {
  const runs = await engine.below(id);
  return runs.map(
    ({ name, state, rolledBackAt }) =>
      `${rolledBackAt === undefined ? '' : '-'}${name} ${state.type}`,
  );
}

/** The code of what was thrown. */
export function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? 'none';
}
