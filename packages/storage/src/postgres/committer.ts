import { randomUUID } from 'node:crypto';
import type { Durability, WriteOutcome } from '@holdfast/core';
import { decodeRun } from '../record/run-row.ts';
import type { RunRow } from '../record/run-row.ts';
import type { EncodedBatch } from './encode-batch.ts';
import { SCHEMA_VERSION } from './migrations.ts';
import { patiently } from './patience.ts';
import { codeOf, COMMITS_MISSING, detailOf, isAway, RUN_EXISTS } from './problems.ts';

/** A write that was not applied, as the function `commit` tells of it. */
interface Refusal {
  readonly n: number;
  readonly conflict: 'version' | 'fence' | 'exists';
  readonly row?: RunRow;
}

/** A commit that the server has acknowledged, and might lose if its machine fails now. */
interface Unflushed {
  readonly turn: number;
  readonly batch: EncodedBatch;
}

/** So many commits are kept at the most: then one is made that waits for the disk. */
const MOST_UNFLUSHED = 64;

/** Runs one statement, on a connection of its own. */
export type Run = (text: string, values: readonly unknown[]) => Promise<readonly unknown[]>;

const APPLIED: WriteOutcome = Object.freeze({ ok: true });

/**
 * Makes the commits of a store, one after the other, each in one round trip. Each has a turn: the server knows which was
 * the last, so that a commit whose answer was lost is not made twice, and one that a failing server forgot after it was
 * acknowledged (durability 'process') is made again before the next.
 */
export class Committer {
  readonly #run: Run;
  readonly #schema: string;
  readonly #statement: string;
  readonly #patienceMs: number;
  #last: Promise<unknown> = Promise.resolve();
  #writer = randomUUID();
  #turn = 0;
  #unflushed: Unflushed[] = [];

  constructor(run: Run, schema: string, patienceMs: number) {
    this.#run = run;
    this.#schema = schema;
    this.#patienceMs = patienceMs;
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
    const sync = durability === 'machine' || this.#unflushed.length >= MOST_UNFLUSHED;
    const refusals = await this.#send(batch, sync);
    this.#turn++;
    // What the disk has by now has all that came before it.
    if (sync) this.#unflushed = [];
    else this.#unflushed.push({ turn: this.#turn, batch });
    return outcomesOf(batch.size, refusals);
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
    try {
      return await this.#ask(batch, this.#turn + 1, sync, false);
    } catch (error) {
      if (codeOf(error) === RUN_EXISTS) {
        // Before anything is applied: a run that does not parse is no outcome, but an error.
        decodeRun(JSON.parse(detailOf(error)) as RunRow);
        return this.#ask(batch, this.#turn + 1, sync, true);
      }
      if (codeOf(error) !== COMMITS_MISSING) throw error;
      await this.#catchUp(Number(detailOf(error)));
      return this.#try(batch, sync);
    }
  }

  /** Makes the commits again that the server has forgotten. */
  async #catchUp(known: number): Promise<void> {
    const forgotten = this.#unflushed.filter(({ turn }) => turn > known);
    if (forgotten[0]?.turn === known + 1) {
      for (const { batch, turn } of forgotten) await this.#ask(batch, turn, false, true);
    } else {
      // It has forgotten this store after long silence, or was put back to an earlier time.
      this.#beAnother();
    }
  }

  #beAnother(): void {
    this.#writer = randomUUID();
    this.#turn = 0;
    this.#unflushed = [];
  }

  async #ask(
    { leases, json }: EncodedBatch,
    turn: number,
    sync: boolean,
    lenient: boolean,
  ): Promise<readonly Refusal[]> {
    const turns = [SCHEMA_VERSION, this.#writer, turn, sync, lenient];
    const [row] = await this.#run(this.#statement, [...turns, leases, json]);
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
