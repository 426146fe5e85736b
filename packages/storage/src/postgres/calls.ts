import { HoldfastError } from '@holdfast/core';
import type { Connections } from './connections.ts';
import type { Connection } from './connections.ts';
import { NotConnected, patiently } from './patience.ts';
import type { Again } from './patience.ts';
import type { PostgresSettings } from './options.ts';
import { isMisnamed, storeError } from './problems.ts';

/** The calls on a store: made while it is open, waited for when it closes. */
export class Calls {
  readonly #connections: Connections;
  readonly #patienceMs: number;
  readonly #underWay = new Set<Promise<unknown>>();
  /** Whether statements may have names: sessions that turn out to be shared take them no more. */
  #named: boolean;
  #phase: 'new' | 'open' | 'closed' = 'new';

  constructor(connections: Connections, { patienceMs, notifications }: PostgresSettings) {
    this.#connections = connections;
    this.#patienceMs = patienceMs;
    this.#named = notifications;
  }

  get isClosed(): boolean {
    return this.#phase === 'closed';
  }

  opened(): void {
    if (this.#phase === 'new') this.#phase = 'open';
  }

  /** From here on calls are refused; resolves when those under way have settled. */
  async end(): Promise<void> {
    this.#phase = 'closed';
    await Promise.allSettled(this.#underWay);
  }

  /** Makes a call that is patient by itself. */
  async make<T>(work: () => Promise<T>): Promise<T> {
    if (this.#phase !== 'open') throw this.closed();
    const call = work();
    this.#underWay.add(call);
    try {
      return await call;
    } catch (error) {
      throw storeError(error, this.#connections.place);
    } finally {
      this.#underWay.delete(call);
    }
  }

  /** Makes a call again while the server is away. */
  patient<T>(again: Again, work: () => Promise<T>): Promise<T> {
    return this.make(() => patiently(this.#patienceMs, again, work));
  }

  /**
   * Runs one statement on a connection of its own.
   *
   * @param name by which it is prepared, once for a session, where sessions are our own
   */
  async run(text: string, values: readonly unknown[], name?: string): Promise<readonly unknown[]> {
    const connection = await this.connect();
    try {
      return (await connection.query(text, values, this.#named ? name : undefined)).rows;
    } catch (error) {
      if (!isMisnamed(error)) throw error;
    } finally {
      connection.release();
    }
    this.#named = false;
    return this.run(text, values);
  }

  /** @throws `NotConnected` */
  async connect(): Promise<Connection> {
    try {
      return await this.#connections.connect();
    } catch (error) {
      throw new NotConnected(error);
    }
  }

  closed(): HoldfastError {
    return new HoldfastError(
      'STORE_CLOSED',
      `The run store ${this.#connections.place} is not open`,
      {
        hint: 'Call open() before anything else; a store that was closed stays closed.',
        retryable: false,
      },
    );
  }
}
