import { isTerminal } from '../../model/state.ts';
import type { LeaseGrant, OpenRun } from '../../store/run-store.ts';
import type { Execution } from '../execution.ts';
import type { RunHandle } from '../run-handle.ts';

/**
 * The lease of a top-level run over its pauses: given back while the run is paused, and taken again before anything is
 * written. Where another process was faster, the execution ends as one that lost its lease.
 */
export class Parking {
  readonly #execution: Execution;
  readonly #handle: RunHandle;
  /** Set while nothing may be written; gives whether the lease was given back. */
  #left: Promise<boolean> | undefined;
  #returning: Promise<void> | undefined;
  #look = (): void => undefined;
  #overtaken = false;

  constructor(execution: Execution, handle: RunHandle) {
    this.#execution = execution;
    this.#handle = handle;
  }

  /** Whether the lease was given back, or is about to be: whoever writes calls `comeBack` first. */
  get away(): boolean {
    return this.#left !== undefined;
  }

  /** Whether another holder went on with the run, or ended it, while its lease was free. */
  get overtaken(): boolean {
    return this.#overtaken;
  }

  /**
   * Gives the lease back, once everything that was given to the writer under it has been committed.
   *
   * @param look called when the lease was taken again, to see whether the run is still paused
   */
  leave(look: () => void): void {
    if (this.#left !== undefined) return;
    this.#look = look;
    this.#left = this.#leave();
  }

  async #leave(): Promise<boolean> {
    const { engine } = this.#execution;
    await engine.writer.caughtUp();
    // Something has come up meanwhile.
    if (this.#returning !== undefined) return false;
    try {
      await engine.leases.release(this.#execution);
    } catch (error) {
      // It ends by itself; until then nobody else takes the run up.
      const { rootId } = this.#execution;
      engine.logger.warn({ runId: rootId, err: error }, 'the lease of a paused run stays');
    }
    engine.parked.add(this);
    this.#execution.paused();
    return true;
  }

  /**
   * Takes the lease again.
   *
   * @throws `LEASE_LOST` when another holder went on with the run; what the store throws
   */
  comeBack(): Promise<void> {
    this.#returning ??= this.#comeBack().finally(() => {
      this.#returning = undefined;
    });
    return this.#returning;
  }

  async #comeBack(): Promise<void> {
    const execution = this.#execution;
    const released = await this.#left;
    execution.engine.parked.delete(this);
    if (execution.halted !== undefined) throw execution.halted;
    if (released === true) {
      try {
        await this.#takeAgain();
      } catch (error) {
        throw execution.halt(error as Error);
      }
    }
    this.#left = undefined;
    this.#look();
  }

  async #takeAgain(): Promise<void> {
    const execution = this.#execution;
    const { rootId, fence, engine } = execution;
    const { store, leases, clock } = engine;
    const grant = await store.acquireLease({ rootId, ...leases.terms, now: clock.now() });
    const { epoch } = grant.lease;
    if (grant.granted) execution.fence = { rootId, epoch };
    else if (!this.#isStillOurs(grant)) throw this.#lose();
    // Others may have held it in between, and have changed nothing.
    if (epoch > fence.epoch + 1 && (await this.#changed())) {
      await leases.release(execution);
      throw this.#lose();
    }
    leases.keep(execution);
    // Somebody may have asked for a cancel meanwhile.
    await leases.check(execution);
  }

  /** It could not be given back, so nobody else could take it. */
  #isStillOurs({ lease }: LeaseGrant): boolean {
    const { engine, fence } = this.#execution;
    return lease.holder === engine.leases.holder && lease.epoch === fence.epoch;
  }

  async #changed(): Promise<boolean> {
    const { engine, rootId } = this.#execution;
    const run = await engine.store.run(rootId);
    return run?.version !== this.#handle.written;
  }

  #lose(): Error {
    this.#overtaken = true;
    return this.#execution.lose();
  }

  /** Tells one stay away from another. */
  get stay(): string {
    return `${this.#execution.fence.epoch}:${this.#handle.written}`;
  }

  /** What the store says of the run while its lease is free; undefined where it is none of the open ones. */
  noticed(open: OpenRun | undefined): void {
    if (this.#returning !== undefined || this.#execution.abandoned !== undefined) return;
    if (open === undefined || this.#isTaken(open)) this.#lose();
    else if (open.cancelReason !== undefined) this.#execution.cancel(open.cancelReason);
  }

  #isTaken({ run, lease }: OpenRun): boolean {
    const free = lease.holder === '' || lease.holder === this.#execution.engine.leases.holder;
    return !free || isTerminal(run.state) || run.version !== this.#handle.written;
  }

  get rootId(): Execution['rootId'] {
    return this.#execution.rootId;
  }
}
