import { HoldfastError } from '@holdfast/core';
import type { CallName, DatabaseTerms, StoreCalls } from './protocol.ts';
import { WorkerLink } from './worker-link.ts';

/** The thread that a store is used in: opened once, started anew when it dies, closed for good. */
export class StoreThread {
  readonly #terms: DatabaseTerms;
  readonly #workerFile: URL | undefined;
  readonly #apart = new Set<Promise<unknown>>();
  #phase: 'new' | 'open' | 'closed' = 'new';
  #link: WorkerLink | undefined;
  #opening: Promise<WorkerLink> | undefined;
  #closing: Promise<void> | undefined;

  constructor(terms: DatabaseTerms, workerFile?: URL) {
    this.#terms = terms;
    this.#workerFile = workerFile;
  }

  async open(): Promise<void> {
    if (this.#phase === 'closed') throw this.#closed();
    await this.#connect();
    if (this.#phase === 'new') this.#phase = 'open';
  }

  /** Waits for what is under way. */
  close(): Promise<void> {
    this.#phase = 'closed';
    this.#closing ??= this.#disconnect();
    return this.#closing;
  }

  /** On a living link the message leaves before this returns: that keeps commits in order. */
  async call<C extends CallName>(call: C, argument: StoreCalls[C]): Promise<unknown> {
    if (this.#phase !== 'open') throw this.#closed();
    const link = this.#link?.alive === true ? this.#link : await this.#connect();
    return link.call(call, argument);
  }

  /** Makes one call in another thread, on a connection of its own: it takes long, and holds up no other. */
  async callApart<C extends CallName>(call: C, argument: StoreCalls[C]): Promise<unknown> {
    if (this.#phase !== 'open') throw this.#closed();
    const calling = this.#callOnce(call, argument);
    this.#apart.add(calling);
    try {
      return await calling;
    } finally {
      this.#apart.delete(calling);
    }
  }

  async #callOnce<C extends CallName>(call: C, argument: StoreCalls[C]): Promise<unknown> {
    const link = await this.#start();
    try {
      return await link.call(call, argument);
    } finally {
      await link.call('close', undefined).catch(() => link.kill());
      await link.exited();
    }
  }

  #connect(): Promise<WorkerLink> {
    if (this.#link?.alive === true) return Promise.resolve(this.#link);
    this.#opening ??= this.#start()
      .then((link) => (this.#link = link))
      .finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  async #start(): Promise<WorkerLink> {
    const link = new WorkerLink(this.#terms.path, this.#workerFile);
    try {
      await link.call('open', this.#terms);
    } catch (error) {
      await link.kill();
      throw error;
    }
    return link;
  }

  async #disconnect(): Promise<void> {
    await this.#opening?.catch(() => undefined);
    await Promise.allSettled(this.#apart);
    const link = this.#link;
    if (link?.alive !== true) return;
    await link.idle();
    await link.call('close', undefined);
    await link.exited();
  }

  #closed(): HoldfastError {
    return new HoldfastError('STORE_CLOSED', `The run store ${this.#terms.path} is not open`, {
      hint: 'Call open() before anything else; a store that was closed stays closed.',
      retryable: false,
    });
  }
}
