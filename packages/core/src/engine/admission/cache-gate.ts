import type { CacheRule } from '../../definition/cache-options.ts';
import { limitOfCacheKey } from '../../model/limit-name.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { CachedResult } from '../../model/shared-state.ts';
import type { EpochMs, StoredValue } from '../../model/state.ts';
import { mayBeServed } from '../../rules/cached-result.ts';
import type { Performance } from '../performance.ts';
import { servedResult, type ServedResult } from '../results/served-result.ts';
import { saysStillValid } from '../still-valid.ts';
import { cacheKeyOf } from './cache-key.ts';
import type { Claim } from './claim.ts';
import type { Gate } from './gate.ts';
import { grantedTo, showWait } from './slot-wait.ts';

/**
 * Gives a run what an equal one has given, or lets it compute that, and keeps it. Equal runs wait for the one that computes,
 * by a limit of one for their key: it is held from before the attempt until its result is committed, or it has none.
 */
class CacheGate implements Gate {
  readonly #run: Performance;
  readonly #rule: CacheRule;
  /** Only what was cached later is served: with a refresh, or where what was cached no longer counts. */
  #after: EpochMs | undefined;
  #key: string | undefined;
  #claim: Claim | undefined;
  #kept: Promise<void> | undefined;
  #asked = false;

  constructor(run: Performance, rule: CacheRule) {
    this.#run = run;
    this.#rule = rule;
    this.#after = rule.refresh ? run.execution.clock.now() : undefined;
  }

  async enter(): Promise<Outcome<unknown> | undefined> {
    const key = this.#cacheKey();
    if (key === undefined || this.#run.cancellation.reason !== undefined) return undefined;
    // A refresh finds nothing before it had to wait.
    const known = this.#after === undefined ? await this.#serve(key) : undefined;
    if (known !== undefined) return known;
    if (!(await this.#claimed(key))) return undefined;
    // Whoever had the claim may have brought the result about meanwhile.
    return this.#serve(key);
  }

  completing(result: StoredValue): void {
    const { execution, handle } = this.#run;
    if (this.#key === undefined || execution.halted !== undefined) return;
    const { id: runId, generation } = handle.run;
    const at = execution.clock.now();
    const { maxAge } = this.#rule;
    const expires = Number.isFinite(maxAge) ? { expiresAt: at + maxAge } : {};
    const entry: CachedResult = { key: this.#key, result, runId, generation, at, ...expires };
    const { transaction } = handle.run;
    if (transaction === undefined) this.#kept = this.#keep(entry);
    // What may yet be undone is given to nobody.
    else execution.transactions.afterCommit.add(transaction, () => void this.#keep(entry));
  }

  async #keep(entry: CachedResult): Promise<void> {
    const { execution, definition } = this.#run;
    try {
      await execution.fenced((fence) => ({ kind: 'cache', entry, fence }), 'process');
    } catch (error) {
      const facts = { runId: entry.runId, run: definition.name, err: error };
      execution.engine.logger.warn(facts, 'a result could not be cached');
    }
  }

  async settled(): Promise<void> {
    await this.#kept;
    this.#claim?.release();
    this.#claim = undefined;
  }

  /** Asks once; warns where there is none. */
  #cacheKey(): string | undefined {
    if (this.#asked) return this.#key;
    this.#asked = true;
    const found = cacheKeyOf(this.#run, this.#rule);
    if ('key' in found) this.#key = found.key;
    else if (found.problem !== undefined) {
      const { execution, handle, definition } = this.#run;
      execution.engine.events.emit('warning', {
        code: 'CACHE_KEY_MISSING',
        message: `'${definition.name}' runs uncached: ${execution.engine.scrubber.scrub(found.problem)}.`,
        runId: handle.run.id,
      });
    }
    return this.#key;
  }

  /** Waits until no equal run computes; false when the run was told to stop meanwhile. */
  async #claimed(key: string): Promise<boolean> {
    const { execution, handle, cancellation } = this.#run;
    this.#claim = execution.engine.permits.claim({
      of: handle.run.id,
      wishes: [{ limit: limitOfCacheKey(key), capacity: 1, slots: 1 }],
      cancellation,
      onWait: (limits) => showWait(this.#run, limits),
    });
    return grantedTo(this.#run, this.#claim);
  }

  /** Ends the run with the cached result, if there is one that may be served. */
  async #serve(key: string): Promise<Outcome<unknown> | undefined> {
    const { handle, dependsOn, cancellation } = this.#run;
    const found = await this.#found(key);
    if (found === undefined || cancellation.reason !== undefined) return undefined;
    const facts = dependsOn === undefined ? {} : { dependsOn };
    await handle.apply({ type: 'serveCached', result: found.result }, facts);
    return { ok: true, value: found.value, state: 'COMPLETED' };
  }

  async #found(key: string): Promise<ServedResult | undefined> {
    const { execution, definition, handle, cancellation } = this.#run;
    const { engine, clock } = execution;
    const { store } = engine;
    try {
      const entry = await store.cached(key);
      if (entry === undefined) return undefined;
      const source = await store.run(entry.runId);
      const after = this.#after === undefined ? {} : { after: this.#after };
      if (!mayBeServed(entry, { now: clock.now(), source, ...after })) return undefined;
      const served = await servedResult(this.#run, entry.result);
      if (await saysStillValid(this.#run, handle.run.id, served.value)) return served;
      this.#after = entry.at;
      return undefined;
    } catch (error) {
      if (cancellation.reason !== undefined) return undefined;
      // It is computed anew, and replaced.
      engine.events.emit('warning', {
        code: 'CACHE_UNREADABLE',
        message: `What is cached for '${definition.name}' could not be read: ${engine.scrubber.scrub((error as Error).message)}`,
        runId: handle.run.id,
      });
      return undefined;
    }
  }
}

/** Of runs whose results are cached. */
export function cacheGate(run: Performance): Gate | undefined {
  const { cache } = run.definition;
  return cache === undefined ? undefined : new CacheGate(run, cache);
}
