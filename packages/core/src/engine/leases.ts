import type { RunId } from '../model/ids.ts';
import type { Timer } from '../clock/clock.ts';
import { formatIdentity, currentProcess, isAlive, parseIdentity } from '../process/identity.ts';
import type { Fence, Lease } from '../store/run-store.ts';
import type { EngineCore } from './engine-core.ts';
import type { Execution } from './execution.ts';

function isDead(holder: string): boolean {
  const identity = parseIdentity(holder.split(' ')[0] ?? '');
  return identity !== undefined && isAlive(identity) === 'dead';
}

/** The run whose lease it is. */
function leasedRun({ rootId, runId }: Pick<Fence, 'rootId' | 'runId'>): RunId {
  return runId ?? rootId;
}

/** Keeps the leases of what an engine executes, and judges those of others. */
export class Leases {
  readonly #engine: EngineCore;
  readonly #ttl: number;
  readonly #held = new Set<Execution>();
  #timer: Timer | undefined;
  /** Who holds the leases of this engine: the process, and the engine in it. */
  readonly holder: string;

  constructor(engine: EngineCore, ttl: number, engineId: string) {
    this.#engine = engine;
    this.#ttl = ttl;
    this.holder = `${formatIdentity(currentProcess())} ${engineId}`;
  }

  get terms(): { readonly holder: string; readonly ttl: number } {
    return { holder: this.holder, ttl: this.#ttl };
  }

  /** Renews the lease of an execution from now on. */
  keep(execution: Execution): void {
    this.#held.add(execution);
    this.#arm();
  }

  /** Renews it no more, and leaves it to expire: nobody else takes up at once what this engine could not. */
  leave(execution: Execution): void {
    this.#held.delete(execution);
    if (this.#held.size > 0) return;
    this.#timer?.clear();
    this.#timer = undefined;
  }

  /** Gives a lease back: others need not wait for its end. */
  async release(execution: Execution): Promise<void> {
    this.leave(execution);
    // One that is no longer in force is left alone.
    await this.#engine.store.releaseLeases([execution.fence]);
  }

  /** Asks the store whether a lease is still held; halts the execution when it is not. */
  async check(execution: Execution): Promise<void> {
    await this.#renew([execution]);
  }

  /**
   * A lease whose holder is certainly dead, which can be taken over before it expires: a process of this
   * machine that has ended. Undefined when that cannot be known.
   */
  deadLease(lease: Lease): { readonly holder: string; readonly epoch: number } | undefined {
    return isDead(lease.holder) ? { holder: lease.holder, epoch: lease.epoch } : undefined;
  }

  /** Those of some holders that are certainly dead. */
  deadAmong(holders: readonly string[]): readonly string[] {
    return [...new Set(holders)].filter((holder) => holder !== this.holder && isDead(holder));
  }

  #arm(): void {
    this.#timer ??= this.#engine.clock.setTimer(
      this.#ttl / 3,
      () => {
        this.#timer = undefined;
        if (this.#held.size === 0) return;
        this.#arm();
        this.#renew([...this.#held]).catch((error: unknown) => {
          // The lease outlives some missed renewals, and a late one succeeds while nobody took it.
          this.#engine.logger.warn({ err: error }, 'leases could not be renewed');
        });
      },
      { background: true },
    );
  }

  async #renew(executions: readonly Execution[]): Promise<void> {
    const asked = executions.map((execution) => ({ execution, fence: execution.fence }));
    const renewals = await this.#engine.store.renewLeases(
      asked.map(({ fence }) => fence),
      { ...this.terms, now: this.#engine.clock.now() },
    );
    const byRun = new Map(renewals.map((renewal) => [leasedRun(renewal), renewal]));
    for (const { execution, fence } of asked) {
      const renewal = byRun.get(leasedRun(fence));
      // Given back meanwhile, perhaps taken again: the answer is about a lease of the past.
      const past = !this.#held.has(execution) || execution.fence !== fence;
      if (renewal === undefined || past) continue;
      if (!renewal.held) execution.lose();
      else if (renewal.cancelReason !== undefined) execution.cancel(renewal.cancelReason);
    }
  }
}
