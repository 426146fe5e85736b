import { layeredStore, objectStoreProblem, systemClock, tappedBody } from '@holdfast/core';
import type { Clock, EpochMs, ObjectStore, ObjectStoreProblem } from '@holdfast/core';
import { refuseUnknown } from './refuse-options.ts';

/** A call of a store that has ended. */
export interface StoreCall {
  readonly method:
    | 'put'
    | 'get'
    | 'head'
    | 'list'
    | 'delete'
    | 'copy'
    | 'retainedUntil'
    | 'sweep'
    | 'freeBytes';
  /** The key, the prefix of a listing, the source of a copy; '' where there is none. */
  readonly key: string;
  readonly startedAt: EpochMs;
  /** How long it took; of a stream, from its first step to its last, the time of its reader included. */
  readonly ms: number;
  /** Bytes of a body that were taken, or of an object that were given out; 0 elsewhere. */
  readonly bytes: number;
  /** How many objects a listing has given; 0 elsewhere. */
  readonly objects: number;
  /** `left`: the reader went away before the end. `aborted`: by the caller's signal. */
  readonly outcome: 'done' | 'left' | 'aborted' | 'failed';
  /** What kind of failure it was, where the store has said so. */
  readonly problem?: ObjectStoreProblem;
}

/** How calls are measured. */
export interface MetricsLayerOptions {
  /** Default: the system's clock. */
  readonly clock?: Clock;
}

type Signalled = { readonly signal?: AbortSignal };

/** What is counted of one call. */
interface Count {
  bytes: number;
  objects: number;
}

class Meter {
  readonly #observe: (call: StoreCall) => void;
  readonly #clock: Clock;

  constructor(observe: (call: StoreCall) => void, clock: Clock) {
    this.#observe = observe;
    this.#clock = clock;
  }

  /** Begins to measure a call; the function that is given back tells of its end. */
  begin(method: StoreCall['method'], key: string, count: Count) {
    const startedAt = this.#clock.now();
    return (outcome: StoreCall['outcome'], problem?: ObjectStoreProblem): void => {
      const ms = this.#clock.now() - startedAt;
      const call = { method, key, startedAt, ms, ...count, outcome, ...(problem && { problem }) };
      try {
        this.#observe(call);
      } catch {
        // Who watches does not disturb.
      }
    };
  }

  async call<T>(
    method: StoreCall['method'],
    key: string,
    options: Signalled | undefined,
    call: () => Promise<T>,
    count: Count = { bytes: 0, objects: 0 },
  ): Promise<T> {
    const end = this.begin(method, key, count);
    try {
      const result = await call();
      end('done');
      return result;
    } catch (error) {
      endWith(end, error, options);
      throw error;
    }
  }

  async *stream<T>(
    method: 'get' | 'list',
    key: string,
    options: Signalled | undefined,
    open: () => AsyncIterable<T>,
    add: (count: Count, item: T) => void,
  ): AsyncGenerator<T, void, undefined> {
    const count = { bytes: 0, objects: 0 };
    const end = this.begin(method, key, count);
    let ended = false;
    try {
      for await (const item of open()) {
        add(count, item);
        yield item;
      }
      ended = true;
      end('done');
    } catch (error) {
      ended = true;
      endWith(end, error, options);
      throw error;
    } finally {
      if (!ended) end('left');
    }
  }
}

function endWith(
  end: (outcome: StoreCall['outcome'], problem?: ObjectStoreProblem) => void,
  error: unknown,
  options: Signalled | undefined,
): void {
  const isAborted = options?.signal?.aborted === true && options.signal.reason === error;
  if (isAborted) end('aborted');
  else end('failed', objectStoreProblem(error));
}

function measuredStreams(store: ObjectStore, meter: Meter): Partial<ObjectStore> {
  return {
    put(key, body, given) {
      const count = { bytes: 0, objects: 0 };
      const chunk = (bytes: Uint8Array): Uint8Array => {
        count.bytes += bytes.byteLength;
        return bytes;
      };
      const counted = tappedBody(body, () => ({ chunk }));
      return meter.call('put', key, given, () => store.put(key, counted, given), count);
    },
    get(key, given) {
      const add = (count: Count, chunk: Uint8Array): void => {
        count.bytes += chunk.byteLength;
      };
      return meter.stream('get', key, given, () => store.get(key, given), add);
    },
    list(prefix, given) {
      const add = (count: Count): void => {
        count.objects++;
      };
      return meter.stream('list', prefix, given, () => store.list(prefix, given), add);
    },
  };
}

/**
 * A store that tells of every call when it has ended: how long it took, how many bytes have passed, how it went.
 *
 * @param observe is called once a call; what it throws changes nothing
 * @throws `OPTIONS_INVALID`
 */
export function withMetrics(
  store: ObjectStore,
  observe: (call: StoreCall) => void,
  options: MetricsLayerOptions = {},
): ObjectStore {
  refuseUnknown('withMetrics', options, ['clock']);
  const meter = new Meter(observe, options.clock ?? systemClock);
  const { copy, retainedUntil, sweep, freeBytes } = store;
  return layeredStore(store, {
    ...measuredStreams(store, meter),
    head: (key, given) => meter.call('head', key, given, () => store.head(key, given)),
    delete: (key, given) => meter.call('delete', key, given, () => store.delete(key, given)),
    copy:
      copy &&
      ((from, to, given) => meter.call('copy', from, given, () => store.copy!(from, to, given))),
    retainedUntil:
      retainedUntil &&
      ((key, given) =>
        meter.call('retainedUntil', key, given, () => store.retainedUntil!(key, given))),
    sweep: sweep && ((given) => meter.call('sweep', '', given, () => store.sweep!(given))),
    freeBytes:
      freeBytes && (() => meter.call('freeBytes', '', undefined, () => store.freeBytes!())),
  });
}
