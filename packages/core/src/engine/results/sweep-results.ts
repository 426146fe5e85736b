import { optionsInvalid } from '../../errors/errors.ts';
import { isHoldfastError } from '../../errors/holdfast-error.ts';
import { durationMs, type Duration } from '../../model/duration.ts';
import { isRunId, type RunId } from '../../model/ids.ts';
import { isTerminal, type State } from '../../model/state.ts';
import type { EngineCore } from '../engine-core.ts';

/** Which objects may be removed. */
export interface SweepResultsOptions {
  /** Only those that were put longer ago than this, at least one hour: a run may be about to record one. Default `'1d'`. */
  readonly olderThan?: Duration;
}

/** What was removed. */
export interface ResultsSwept {
  readonly objects: number;
  /** Their size in all. */
  readonly bytes: number;
}

const HOUR = 3_600_000;
const WHAT = 'sweepResults()';

function leastAge({ olderThan = '1d' }: SweepResultsOptions): number {
  const age = durationMs(olderThan, `olderThan of ${WHAT}`);
  if (age >= HOUR) return age;
  throw optionsInvalid(WHAT, 'olderThan is less than an hour', 'Leave it out: it is a day then.');
}

function namesObject(state: State, key: string): boolean {
  return state.type === 'COMPLETED' && 'object' in state.result && state.result.object === key;
}

/** Tells for the objects of one run store whether they belong to a run. Asked about one root after the other. */
class Belonging {
  readonly #engine: EngineCore;
  #root: { readonly id: string; readonly fate: 'gone' | 'open' | 'ended' } | undefined;

  constructor(engine: EngineCore) {
    this.#engine = engine;
  }

  /** Whether the object is that of a result; of what has not ended nothing is known. */
  async has(key: string): Promise<boolean> {
    const { store, results } = this.#engine;
    const [rootId = '', name = ''] = key.slice(results.prefix.length).split('/');
    const runId = name.split('.')[0] ?? '';
    // Nothing of ours: nobody knows what it is.
    if (!isRunId(rootId) || !isRunId(runId)) return true;
    try {
      const fate = await this.#fateOf(rootId);
      if (fate !== 'ended') return fate === 'open';
      const run = await store.run(runId);
      if (run !== undefined && namesObject(run.state, key)) return true;
      return (await store.history(runId)).some(({ state }) => namesObject(state, key));
    } catch (error) {
      // A record that cannot be read may name it.
      if (isHoldfastError(error) && error.code === 'STORE_RECORD_CORRUPT') return true;
      throw error;
    }
  }

  async #fateOf(id: RunId): Promise<'gone' | 'open' | 'ended'> {
    if (this.#root?.id !== id) {
      const root = await this.#engine.store.run(id);
      const fate = root === undefined ? 'gone' : isTerminal(root.state) ? 'ended' : 'open';
      this.#root = { id, fate };
    }
    return this.#root.fate;
  }
}

/**
 * Removes the objects below the prefix of the results that belong to no run: what a crash has left between the put and
 * the outcome, and results of runs that were forgotten. Reads one record or two for each object.
 *
 * @throws `OPTIONS_INVALID` when the engine has no object store for results; what the stores throw
 */
export async function sweepResults(
  engine: EngineCore,
  options: SweepResultsOptions,
): Promise<ResultsSwept> {
  const { store, prefix } = engine.results;
  if (store === undefined) {
    const hint = 'Give it one: createEngine({ results: { store } }).';
    throw optionsInvalid(WHAT, 'the engine has no object store for results', hint);
  }
  const putBefore = engine.clock.now() - leastAge(options);
  const belonging = new Belonging(engine);
  let [objects, removed] = [0, 0];
  for await (const object of store.list(prefix)) {
    if (object.modifiedAt >= putBefore || (await belonging.has(object.key))) continue;
    await store.delete(object.key);
    objects++;
    removed += object.bytes;
  }
  return { objects, bytes: removed };
}
