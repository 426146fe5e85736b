import { engineStopped } from '../../errors/errors.ts';
import type { RunId } from '../../model/ids.ts';
import type { Run } from '../../model/run.ts';
import type { Claim } from '../../store/claims.ts';
import type { EngineCore } from '../engine-core.ts';
import { Execution } from '../execution.ts';
import { takeClaimOf } from '../left-runs.ts';
import type { RecoveryHost } from '../recoverer.ts';
import { recoverRun, type Recovered } from '../recovery.ts';
import { Wakeup } from '../waiting/wakeup.ts';
import type { WorkTerms } from './queue-options.ts';
import type { QueueWorker } from './queues.ts';
import { takeClaim, takeTask } from './take-claim.ts';
import { WorkPlaces } from './work-places.ts';

/** Leases looked at for one whose holder has died, and the most runs that are claimed at a time. */
const LOOKED_AT = 100;

type Kind = Run['kind'];

const KINDS: readonly Kind[] = ['flow', 'task'];

/** Executes what waits on queues, so many runs at once, until it is stopped. */
export class QueueWork implements QueueWorker {
  readonly #engine: EngineCore;
  readonly #host: RecoveryHost;
  readonly #terms: WorkTerms;
  readonly #stopping = new AbortController();
  readonly #news = new Wakeup();
  readonly #places: WorkPlaces;
  /** The store has told of news: perhaps that something under way is to stop. */
  #told = false;
  readonly #working: Promise<void>;

  private constructor(engine: EngineCore, host: RecoveryHost, terms: WorkTerms, stop: () => void) {
    this.#engine = engine;
    this.#host = host;
    this.#terms = terms;
    this.#places = new WorkPlaces(terms.concurrency, engine.clock, this.#news.tell);
    this.#working = this.#work().finally(stop);
  }

  /** Begins; throws what the store throws that cannot be watched. */
  static async start(engine: EngineCore, host: RecoveryHost, terms: WorkTerms): Promise<QueueWork> {
    let tell = (): void => undefined;
    const stopWatching = await engine.store.watch({ queues: terms.queues }, () => tell());
    const work = new QueueWork(engine, host, terms, stopWatching);
    tell = () => {
      work.#told = true;
      work.#news.tell();
    };
    return work;
  }

  /** Whether it works on a queue. */
  isOn(queue: string): boolean {
    return this.#terms.queues.includes(queue) && !this.#stopping.signal.aborted;
  }

  async stop(): Promise<void> {
    this.#stopping.abort(engineStopped());
    await this.#working;
  }

  async #work(): Promise<void> {
    const { signal } = this.#stopping;
    const { clock } = this.#engine;
    while (!signal.aborted) {
      try {
        await this.#tellToStop();
        await this.#fill();
      } catch (error) {
        this.#engine.logger.warn({ err: error }, 'queues could not be read');
      }
      await this.#news.sleep(clock, this.#terms.lookEvery, signal).catch(() => undefined);
    }
  }

  /** Cancels what is under way here and was asked to stop, sooner than the next renewal of its lease would. */
  async #tellToStop(): Promise<void> {
    if (!this.#told || !this.#places.taken) return;
    this.#told = false;
    const { store, leases } = this.#engine;
    const { queues } = this.#terms;
    const { holder } = leases.terms;
    for (const { run, cancelReason } of await store.claimed({ queues, holder, limit: 1000 })) {
      if (cancelReason !== undefined) this.#places.execution(run.id)?.cancel(cancelReason);
    }
  }

  /** Takes runs until it has enough of them, or there are no more. */
  async #fill(): Promise<void> {
    let more = true;
    while (more) {
      more = false;
      for (const kind of KINDS) {
        if (this.#stopping.signal.aborted) return;
        const limit = Math.min(this.#places.free(kind), LOOKED_AT);
        const claims = limit > 0 ? await this.#claim(kind, limit) : [];
        for (const claim of claims) await this.#take(claim.run, () => this.#begin(claim));
        more ||= limit > 0 && claims.length === limit;
      }
    }
    if (KINDS.some((kind) => this.#places.free(kind) > 0)) await this.#takeOver();
  }

  async #claim(kind: Kind, limit: number): Promise<readonly Claim[]> {
    const { store, clock, leases, definitions } = this.#engine;
    const names = definitions.names(kind);
    if (names.length === 0) return [];
    return store.claim({
      ...leases.terms,
      queues: this.#terms.queues,
      flows: kind === 'flow' ? names : [],
      tasks: kind === 'task' ? names : [],
      without: this.#places.left,
      now: clock.now(),
      limit,
    });
  }

  async #begin(claim: Claim): Promise<void> {
    const { run, lease } = claim;
    if (run.kind === 'flow') return this.#keepRoot(await takeClaim(this.#engine, claim));
    const { rootId, runId, epoch } = lease;
    const execution = new Execution(this.#engine, { rootId, ...(runId && { runId }), epoch });
    this.#engine.leases.keep(execution);
    return this.#keepTask(execution, claim);
  }

  /** Takes runs from workers that are seen to be dead, before their leases expire. */
  async #takeOver(): Promise<void> {
    const { store, leases, definitions } = this.#engine;
    const { queues } = this.#terms;
    const claimed = await store.claimed({ queues, limit: LOOKED_AT });
    const dead = new Set(leases.deadAmong(claimed.map(({ lease }) => lease.holder)));
    for (const claim of claimed) {
      const { run, lease } = claim;
      const known = definitions.get(run.kind, run.name) !== undefined;
      if (!known || !dead.has(lease.holder) || this.#places.free(run.kind) <= 0) continue;
      if (this.#host.has(run.id) || this.#places.left.includes(run.id)) continue;
      await this.#take(run, () => this.#inherit(claim));
    }
  }

  async #inherit(claim: Claim): Promise<void> {
    const { run } = claim;
    if (run.kind === 'flow') {
      return this.#keepRoot(await recoverRun(this.#engine, { ...claim, run }, false));
    }
    const execution = await takeClaimOf(this.#engine, run);
    const now = execution && (await this.#engine.store.run(run.id));
    if (execution === undefined) return undefined;
    return this.#keepTask(execution, { ...claim, run: now ?? run });
  }

  #keepRoot(taken: Recovered): void {
    if (taken.kind !== 'resumed') return;
    const { root } = taken;
    this.#places.take('flow', root.id, root);
    this.#host.keep(root);
  }

  async #keepTask(execution: Execution, claim: Pick<Claim, 'run' | 'cancelReason'>): Promise<void> {
    const task = await takeTask(execution, claim);
    if (task === undefined) return;
    this.#places.take('task', task.id, task);
    this.#host.keepTask(task);
  }

  /** One run that cannot be taken keeps no other from it, and is left to others for a while. */
  async #take({ id: runId, name }: { id: RunId; name: string }, take: () => Promise<void>) {
    try {
      await take();
    } catch (error) {
      this.#places.leave(runId);
      this.#engine.logger.error({ runId, name, err: error }, 'a run on a queue could not be taken');
    }
  }
}
