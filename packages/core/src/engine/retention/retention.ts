import { sleep } from '../../clock/clock.ts';
import type { EngineCore } from '../engine-core.ts';
import { removeResults } from '../results/remove-results.ts';
import {
  pruneFilter,
  type PruneFilter,
  type PruneOptions,
  type PruneReport,
} from './prune-options.ts';
import { outdated, type RetentionRules } from './retention-options.ts';

/** Forgets old runs: batch by batch, so that nobody waits long. */
export class Retention {
  readonly #engine: EngineCore;
  readonly #rules: RetentionRules;

  constructor(engine: EngineCore, rules: RetentionRules) {
    this.#engine = engine;
    this.#rules = rules;
  }

  /** Forgets what is older than the rules allow, now and from time to time, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#engine;
    while (!signal.aborted) {
      try {
        await this.#apply(signal);
      } catch (error) {
        logger.warn({ err: error }, 'old runs could not be forgotten');
      }
      await sleep(clock, this.#rules.every, signal).catch(() => undefined);
    }
  }

  async #apply(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#engine;
    const rules = outdated(this.#rules, clock.now());
    // Expired results are forgotten also where runs are kept for ever.
    for (const filter of rules.length === 0 ? [{ endedBefore: 0 }] : rules) {
      const { roots, runs, objects } = await this.#forget(filter, Infinity, signal);
      if (roots > 0) logger.info({ roots, runs, objects, ...filter }, 'old runs were forgotten');
    }
  }

  /** Forgets what somebody asks for. Throws `OPTIONS_INVALID`, `DURATION_INVALID`, and what the store throws. */
  async prune(options: PruneOptions): Promise<PruneReport> {
    const filter = pruneFilter(options, this.#engine.clock.now());
    return this.#forget(filter, options.limit ?? Infinity);
  }

  async #forget(filter: PruneFilter, most: number, signal?: AbortSignal): Promise<PruneReport> {
    const { store, clock } = this.#engine;
    let [roots, runs, objects] = [0, 0, 0];
    while (roots < most && signal?.aborted !== true) {
      const limit = Math.min(this.#rules.batch, most - roots);
      const pruned = await store.prune({ ...filter, limit, now: clock.now() });
      roots += pruned.roots;
      runs += pruned.runs;
      objects += await removeResults(this.#engine, pruned.rootIds);
      if (pruned.roots < limit) break;
    }
    return { roots, runs, objects };
  }
}
