import { layeredStore } from '../../src/store/layered-store.ts';
import { ObjectStoreError } from '../../src/store/object-store.ts';
import type { ObjectBody, ObjectStore } from '../../src/store/object-store.ts';
import { tappedBody } from '../../src/store/tapped-body.ts';
import type { CutOptions, Line } from '../../src/testing/faulty-line.ts';

type Way = 'up' | 'down';
type Chunks = AsyncGenerator<Uint8Array, void, undefined>;

/** A line within this process. */
export interface TestLine extends Line {
  /** The store as it is seen through the line. */
  before(store: ObjectStore): ObjectStore;
  /** Whether it has ever been cut. */
  readonly wasCut: boolean;
}

const REQUEST_BYTES = 100;

class LineInProcess implements TestLine {
  readonly passed = { up: 0, down: 0 };
  wasCut = false;
  #left: { up: number; down: number } | undefined;
  #dead = false;
  #stalled: PromiseWithResolvers<void> | undefined;
  #atATime: number | undefined;

  cut({ up, down }: CutOptions = {}): void {
    const none = up === undefined && down === undefined;
    this.#left = { up: up ?? (none ? 0 : Infinity), down: down ?? (none ? 0 : Infinity) };
  }

  stall(): void {
    this.#stalled ??= Promise.withResolvers<void>();
  }

  /** In pieces of what is sent and read, which are one call each here. */
  slow(bytes: number): void {
    this.#atATime = bytes;
  }

  mend(): void {
    this.#atATime = undefined;
    this.#left = undefined;
    this.#dead = false;
    this.#stalled?.resolve();
    this.#stalled = undefined;
  }

  before(store: ObjectStore): ObjectStore {
    const ask = async <T>(signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T> => {
      await this.#pass('up', REQUEST_BYTES, signal);
      const answer = await call();
      await this.#pass('down', REQUEST_BYTES, signal);
      return answer;
    };
    return layeredStore(store, {
      put: (key, body, options) =>
        ask(options?.signal, () => store.put(key, this.#sent(body, options?.signal), options)),
      get: (key, options) => this.#received(store, key, options),
      head: (key, options) => ask(options?.signal, () => store.head(key, options)),
      list: (prefix, options) => this.#listed(store, prefix, options),
      delete: (key, options) => ask(options?.signal, () => store.delete(key, options)),
    });
  }

  async #pass(way: Way, bytes: number, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    await this.#hang(signal);
    if (this.#left) this.#left[way] -= bytes;
    if (this.#left && this.#left[way] <= 0) this.#dead = true;
    if (this.#dead) {
      this.wasCut = true;
      throw new ObjectStoreError('unavailable', 'The line was cut.');
    }
    this.passed[way] += bytes;
  }

  async #hang(signal: AbortSignal | undefined): Promise<void> {
    if (!this.#stalled) return;
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    await Promise.race([this.#stalled.promise, aborted]);
    signal?.removeEventListener('abort', onAbort);
  }

  #sent(body: ObjectBody, signal: AbortSignal | undefined): ObjectBody {
    const chunk = async (bytes: Uint8Array): Promise<Uint8Array> => {
      await this.#pass('up', bytes.byteLength, signal);
      return bytes;
    };
    return tappedBody(body, () => ({ chunk }));
  }

  async *#received(store: ObjectStore, ...args: Parameters<ObjectStore['get']>): Chunks {
    const signal = args[1]?.signal;
    await this.#pass('up', REQUEST_BYTES, signal);
    for await (const chunk of store.get(...args)) {
      const size = this.#atATime ?? Math.max(1, chunk.byteLength);
      for (let at = 0; at < chunk.byteLength; at += size) {
        const piece = chunk.subarray(at, at + size);
        await this.#pass('down', piece.byteLength, signal);
        yield piece;
      }
    }
  }

  async *#listed(store: ObjectStore, ...args: Parameters<ObjectStore['list']>) {
    await this.#pass('up', REQUEST_BYTES, args[1]?.signal);
    for await (const info of store.list(...args)) yield info;
  }
}

export function testLine(): TestLine {
  return new LineInProcess();
}
