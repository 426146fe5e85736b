import { createHash } from 'node:crypto';
import type { RunWrite } from '@holdfast/core';
import type { EncodedRun } from '../record/encode-write.ts';
import type { Run } from './committer.ts';
import { SCHEMA_VERSION } from './migrations.ts';
import { codeOf, NOT_UNIQUE } from './problems.ts';

/** A write of one run below a root with nothing beside it, as the function `commit_task` takes it. */
export interface TaskWrite {
  readonly id: string;
  /** The version that it expects; 0: none is there. */
  readonly expect: number;
  readonly version: number;
  /** The epoch of its fence, and the columns of the run. */
  readonly values: readonly unknown[];
  /** The texts of its state and its body: what it is known again by. */
  readonly record: readonly [state: string, body: string];
}

/** The write, where it is one that `commit_task` takes: nearly all that tasks write are. */
export function taskWriteOf(encoded: EncodedRun, { run }: RunWrite): TaskWrite | undefined {
  const { columns, expectVersion: expect, epoch, claimed, queued, tags, history, hooks } = encoded;
  const { parent_id: parentId, idempotency_key: alone } = columns;
  if (run.kind !== 'task' || epoch === null || parentId === null || alone !== null)
    return undefined;
  if (claimed !== undefined || queued !== undefined || encoded.lease !== undefined)
    return undefined;
  if (tags.length + history.length + hooks.length > 0) return undefined;
  const { id, name, root_id: rootId, key, generation, version } = columns;
  const { state_type: type, state_json: state, body_json: body, past_text: past } = columns;
  const identity = [epoch, expect, id, name, rootId, parentId, key];
  const standing = [generation, version, type, run.state.name, state, body, past];
  return { id, expect, version, values: [...identity, ...standing], record: [state, body] };
}

/** What became of a write: null where it was applied. */
export type Said = null | 'fence' | 'version' | 'exists';

/** Makes commits of one {@link TaskWrite} each. */
export class TaskCommits {
  readonly #run: Run;
  readonly #statement: string;
  readonly #name: string;
  readonly #look: string;

  constructor(run: Run, schema: string) {
    this.#run = run;
    const values = Array.from({ length: 16 }, (_, n) => `$${n + 1}`);
    this.#statement = `select "${schema}".commit_task(${values.join(', ')}) as said`;
    // Schemas that share a session each have a name of their own, however long theirs are.
    const digest = createHash('sha256').update(this.#statement).digest('hex');
    this.#name = `holdfast_${digest.slice(0, 16)}`;
    this.#look = `select 1 from "${schema}".run
      where id = $1 and version = $2 and state_json = $3 and body_json = $4`;
  }

  async make({ values }: TaskWrite, sync: boolean): Promise<Said> {
    try {
      const given = [SCHEMA_VERSION, sync, ...values];
      const [row] = await this.#run(this.#statement, given, this.#name);
      return (row as { said: Said }).said;
    } catch (error) {
      if (codeOf(error) === NOT_UNIQUE) return 'exists';
      throw error;
    }
  }

  /** Whether the run stands as a write was to leave it: one that was made, and whose answer was lost, is refused when it is made again. */
  async isMade({ id, version, record }: TaskWrite): Promise<boolean> {
    const found = await this.#run(this.#look, [id, version, ...record]);
    return found.length > 0;
  }
}
