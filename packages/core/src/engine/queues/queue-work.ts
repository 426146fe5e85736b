import { engineStopped } from '../../errors/errors.ts';
import type { FlowRun } from '../../model/run.ts';
import type { Claim } from '../../store/claims.ts';
import type { OpenRun } from '../../store/run-store.ts';
import type { EngineCore } from '../engine-core.ts';
import type { RecoveryHost } from '../recoverer.ts';
import { recoverRun, type Recovered } from '../recovery.ts';
import type { RootRun } from '../root-run.ts';
import { Wakeup } from '../waiting/wakeup.ts';
import type { WorkTerms } from './queue-options.ts';
import type { QueueWorker } from './queues.ts';
import { takeClaim } from './take-claim.ts';

/** Leases looked at for one whose holder has died. */
const LOOKED_AT = 100;

/** Executes what waits on queues, so many runs at once, until it is stopped. */
export class QueueWork implements QueueWorker {
  readonly #engine: EngineCore;
  readonly #host: RecoveryHost;
  readonly #terms: WorkTerms;
  readonly #stopping = new AbortController();
  readonly #news = new Wakeup();
  #underWay = 0;
  readonly #working: Promise<void>;

  private constructor(engine: EngineCore, host: RecoveryHost, terms: WorkTerms, stop: () => void) {
    this.#engine = engine;
    this.#host = host;
    this.#terms = terms;
    this.#working = this.#work().finally(stop);
  }

  /** Begins; throws what the store throws that cannot be watched. */
  static async start(engine: EngineCore, host: RecoveryHost, terms: WorkTerms): Promise<QueueWork> {
    let tell = (): void => undefined;
    const stopWatching = await engine.store.watch({ queues: terms.queues }, () => tell());
    const work = new QueueWork(engine, host, terms, stopWatching);
    tell = work.#news.tell;
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
        await this.#fill();
      } catch (error) {
        this.#engine.logger.warn({ err: error }, 'queues could not be read');
      }
      await this.#news.sleep(clock, this.#terms.lookEvery, signal).catch(() => undefined);
    }
  }

  /** Takes runs until it has enough of them, or there are no more. */
  async #fill(): Promise<void> {
    for (;;) {
      const free = this.#terms.concurrency - this.#underWay;
      if (free <= 0 || this.#stopping.signal.aborted) return;
      const claims = await this.#claim(free);
      for (const claim of claims) {
        await this.#take(claim.run as FlowRun, () => takeClaim(this.#engine, claim));
      }
      if (claims.length === free) continue;
      await this.#takeOver(free - claims.length);
      return;
    }
  }

  #claim(limit: number): Promise<readonly Claim[]> {
    const { store, clock, leases, definitions } = this.#engine;
    const flows = definitions.all().filter(({ kind }) => kind === 'flow');
    return store.claim({
      ...leases.terms,
      queues: this.#terms.queues,
      flows: flows.map(({ name }) => name),
      tasks: [],
      now: clock.now(),
      limit: Math.min(limit, LOOKED_AT),
    });
  }

  /** Takes runs from workers that are seen to be dead, before their leases expire. */
  async #takeOver(limit: number): Promise<void> {
    const { store, leases } = this.#engine;
    const claimed = await store.claimed({ queues: this.#terms.queues, limit: LOOKED_AT });
    const dead = new Set(leases.deadAmong(claimed.map(({ lease }) => lease.holder)));
    const left = claimed.flatMap(({ run, ...claim }): OpenRun[] =>
      run.kind === 'flow' && run.rootId === run.id && dead.has(claim.lease.holder)
        ? [{ ...claim, run }]
        : [],
    );
    for (const open of left.slice(0, limit)) {
      if (this.#host.has(open.run.id)) continue;
      await this.#take(open.run, () => recoverRun(this.#engine, open, false));
    }
  }

  /** One run that cannot be taken keeps no other from it. */
  async #take({ id: runId, name }: FlowRun, take: () => Promise<Recovered>): Promise<void> {
    try {
      const taken = await take();
      if (taken.kind === 'resumed') this.#keep(taken.root);
    } catch (error) {
      this.#engine.logger.error({ runId, name, err: error }, 'a run on a queue could not be taken');
    }
  }

  #keep(root: RootRun): void {
    this.#underWay++;
    const over = (): void => {
      this.#underWay--;
      this.#news.tell();
    };
    root.ended.then(over, over);
    this.#host.keep(root);
  }
}
