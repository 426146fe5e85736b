import type { RunId, StopWatching, Watchers, WatchTerms } from '@holdfast/core';
import type { Connection } from './connections.ts';

/** How long to wait before listening again, in milliseconds. */
const PAUSE = 500;

/**
 * Wakes those who watch a store when another process has committed something that concerns them: the server tells it on
 * a connection that is held while somebody watches.
 */
export class News {
  readonly #channel: string;
  readonly #watchers: Watchers;
  readonly #connect: () => Promise<Connection>;
  #listening: Promise<Connection> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** @param channel what the server's notifications go to */
  constructor(channel: string, watchers: Watchers, connect: () => Promise<Connection>) {
    this.#channel = channel;
    this.#watchers = watchers;
    this.#connect = connect;
  }

  /**
   * From when it resolves on, no commit of another process is missed.
   *
   * @throws what the server throws that cannot be listened to
   */
  async watch(terms: WatchTerms, wake: () => void): Promise<StopWatching> {
    this.#listening ??= this.#listen();
    await this.#listening;
    const stop = this.#watchers.add(terms, wake);
    return () => {
      stop();
      if (this.#watchers.size === 0) void this.#end();
    };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#end();
  }

  async #listen(): Promise<Connection> {
    try {
      const connection = await this.#connect();
      connection.listen(
        (payload) => this.#tell(payload),
        () => this.#lost(connection),
      );
      await connection.query(`listen "${this.#channel}"`, []);
      connection.unref();
      return connection;
    } catch (error) {
      this.#listening = undefined;
      throw error;
    }
  }

  /** What may have been missed meanwhile is told without knowing it. */
  #lost(connection: Connection): void {
    connection.release(true);
    this.#listening = undefined;
    this.#again();
  }

  #again(): void {
    if (this.#stopped || this.#watchers.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#listening ??= this.#listen();
      this.#listening.then(
        () => this.#watchers.all(),
        () => this.#again(),
      );
    }, PAUSE).unref();
  }

  async #end(): Promise<void> {
    const listening = this.#listening;
    this.#listening = undefined;
    const connection = await listening?.catch(() => undefined);
    connection?.release(true);
  }

  #tell(payload: string): void {
    const watchers = this.#watchers;
    const space = payload.indexOf(' ');
    const name = payload.slice(space + 1);
    if (payload.startsWith('queue ')) watchers.queue(name);
    else if (payload.startsWith('run ')) watchers.ended(name as RunId);
    else watchers.all();
  }
}
