import { randomUUID } from 'node:crypto';
import type { Durability, WriteOutcome } from '@holdfast/core';
import { decodeRun } from '../record/run-row.ts';
import type { RunRow } from '../record/run-row.ts';
import type { EncodedBatch } from './encode-batch.ts';
import { SCHEMA_VERSION } from './migrations.ts';
import { patiently } from './patience.ts';
import { codeOf, COMMITS_MISSING, detailOf, isAway, RUN_EXISTS, RUN_MISSING } from './problems.ts';
import { TaskCommits } from './task-write.ts';
import type { Said, TaskWrite } from './task-write.ts';
import { Unflushed } from './unflushed.ts';

/** A write that was not applied, as the function `commit` tells of it. */
interface Refusal {
  readonly n: number;
  readonly conflict: 'version' | 'fence' | 'exists';
  readonly row?: RunRow;
}

/** Runs one statement, on a connection of its own; by the name that it is prepared under, where it has one. */
export type Run = (
  text: string,
  values: readonly unknown[],
  name?: string,
) => Promise<readonly unknown[]>;

const APPLIED: WriteOutcome = Object.freeze({ ok: true });

/**
 * Makes the commits of a store, one after the other, each in one round trip. Each has a turn: the server knows which was
 * the last, so that a commit whose answer was lost is not made twice, and one that a failing server forgot after it was
 * acknowledged (durability 'process') is made again before the next. The commit of a single {@link TaskWrite} has none:
 * the versions of its run tell as much.
 */
export class Committer {
  readonly #run: Run;
  readonly #schema: string;
  readonly #statement: string;
  readonly #patienceMs: number;
  readonly #tasks: TaskCommits;
  readonly #unflushed = new Unflushed();
  #last: Promise<unknown> = Promise.resolve();
  #writer = randomUUID();
  #turn = 0;

  constructor(run: Run, schema: string, patienceMs: number) {
    this.#run = run;
    this.#schema = schema;
    this.#patienceMs = patienceMs;
    this.#tasks = new TaskCommits(run, schema);
    this.#statement = `select "${schema}".commit($1, $2, $3, $4, $5, $6, $7) as said`;
  }

  /** The outcomes, in the order of the writes. Calls are made in the order in which this is called. */
  commit(batch: EncodedBatch, durability: Durability): Promise<readonly WriteOutcome[]> {
    const commit = this.#last.then(() => this.#commit(batch, durability));
    this.#last = commit.catch(() => undefined);
    return commit;
  }

  /** Lets the server forget this store, which commits no more. What is left of one that could not is pruned after a day. */
  async leave(): Promise<void> {
    if (this.#turn === 0) return;
    await this.#run(`delete from "${this.#schema}".writer where id = $1`, [this.#writer]).catch(
      () => undefined,
    );
  }

  async #commit(batch: EncodedBatch, durability: Durability): Promise<readonly WriteOutcome[]> {
    const sync = durability === 'machine' || this.#unflushed.isFull;
    const { task } = batch;
    if (task !== undefined && this.#unflushed.isShownBy(task)) {
      const outcome = await this.#commitTask(task, sync);
      if (outcome !== undefined) return [outcome];
    }
    const refusals = await this.#send(batch, sync);
    this.#turn++;
    // What the disk has by now has all that came before it.
    if (sync) this.#unflushed.clear();
    else this.#unflushed.add({ turn: this.#turn, batch });
    return outcomesOf(batch.size, refusals);
  }

  /** Undefined where it is not applied, and more must be told than that. */
  async #commitTask(task: TaskWrite, sync: boolean): Promise<WriteOutcome | undefined> {
    let tries = 0;
    const make = (): Promise<Said> => {
      tries++;
      return this.#tasks.make(task, sync);
    };
    return patiently(this.#patienceMs, 'always', async () => {
      let said = await make();
      // The version before it may be one that the server has forgotten.
      if (said === 'version' && this.#unflushed.lastTask !== undefined) {
        await this.#makeAgain();
        said = await make();
      }
      if (said !== null && tries > 1 && (await this.#tasks.isMade(task))) said = null;
      if (said === 'exists') return undefined;
      if (said !== null) return { ok: false, conflict: said };
      if (sync) this.#unflushed.clear();
      else this.#unflushed.add({ task });
      return APPLIED;
    });
  }

  async #send(batch: EncodedBatch, sync: boolean): Promise<readonly Refusal[]> {
    try {
      return await patiently(this.#patienceMs, 'always', () => this.#try(batch, sync));
    } catch (error) {
      // Whether it was applied is not known: the next commit must not be taken for this one.
      if (isAway(error)) this.#beAnother();
      throw error;
    }
  }

  async #try(batch: EncodedBatch, sync: boolean): Promise<readonly Refusal[]> {
    const begun = this.#unflushed.lastTask;
    try {
      return await this.#ask(batch, this.#turn + 1, sync, false, begun);
    } catch (error) {
      if (codeOf(error) === RUN_EXISTS) {
        // Before anything is applied: a run that does not parse is no outcome, but an error.
        decodeRun(JSON.parse(detailOf(error)) as RunRow);
        return this.#ask(batch, this.#turn + 1, sync, true, begun);
      }
      if (codeOf(error) === RUN_MISSING) await this.#makeAgain();
      else if (codeOf(error) === COMMITS_MISSING) await this.#catchUp(Number(detailOf(error)));
      else throw error;
      return this.#try(batch, sync);
    }
  }

  /** Makes the commits again that the server has forgotten. */
  async #catchUp(known: number): Promise<void> {
    const turns = this.#unflushed.all().flatMap((commit) => ('turn' in commit ? commit.turn : []));
    const first = turns.find((turn) => turn > known);
    // Otherwise it has forgotten this store after long silence, or was put back to an earlier time.
    const isKnown = first === known + 1;
    await this.#makeAgain(isKnown ? known : Infinity);
    if (!isKnown) this.#beAnother();
  }

  /** Makes the commits of tasks again, which changes nothing where they are there, and those of a later turn than this one. */
  async #makeAgain(known = Infinity): Promise<void> {
    for (const commit of this.#unflushed.all()) {
      if ('task' in commit) await this.#tasks.make(commit.task, false);
      else if (commit.turn > known) await this.#ask(commit.batch, commit.turn, false, true);
    }
  }

  #beAnother(): void {
    this.#writer = randomUUID();
    this.#turn = 0;
    this.#unflushed.clear();
  }

  async #ask(
    batch: EncodedBatch,
    turn: number,
    sync: boolean,
    lenient: boolean,
    begun?: TaskWrite,
  ): Promise<readonly Refusal[]> {
    const turns = [SCHEMA_VERSION, this.#writer, turn, sync, lenient];
    const [row] = await this.#run(this.#statement, [...turns, batch.leases, batch.json(begun)]);
    return (row as { said: readonly Refusal[] | null }).said ?? [];
  }
}

function outcomesOf(size: number, refusals: readonly Refusal[]): readonly WriteOutcome[] {
  const outcomes = Array.from({ length: size }, () => APPLIED);
  for (const { n, conflict, row } of refusals) {
    outcomes[n] =
      conflict === 'exists'
        ? { ok: false, conflict, run: decodeRun(row as RunRow) }
        : { ok: false, conflict };
  }
  return outcomes;
}
