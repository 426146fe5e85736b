import { durationMs, layeredStore, systemClock } from '@holdfast/core';
import type { Clock, Duration, ObjectBody, ObjectStore } from '@holdfast/core';
import { optionsInvalid, refuseUnknown } from './refuse-options.ts';
import { steppedBody } from './stepped-body.ts';
import { Watch } from '../waiting/watch.ts';

/** How long a store may take. What is left out is not bounded; at least one bound is given. */
export interface TimeoutLayerOptions {
  /** For one `head`, `delete`, `retainedUntil` or `freeBytes`. */
  readonly call?: Duration;
  /**
   * For one step of a stream: until the next chunk of a body is taken, until a `put` ends after the last one, until
   * the next chunk of a `get` or the next object of a `list` comes. Time that a body or a reader takes is not counted.
   */
  readonly step?: Duration;
  /** For one `copy` or `sweep`. */
  readonly copy?: Duration;
  /** Default: the system's clock. */
  readonly clock?: Clock;
}

type Signalled = { readonly signal?: AbortSignal };
type WatchOf = (what: string, options: Signalled | undefined) => Watch;

async function bounded<T>(watch: Watch, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { promise: expired, reject } = Promise.withResolvers<never>();
  watch.signal.addEventListener('abort', () => reject(watch.signal.reason), { once: true });
  watch.start();
  try {
    // freeBytes has no signal: it is left to itself.
    return await Promise.race([call(watch.signal), expired]);
  } finally {
    watch.release();
  }
}

/** A body whose own time does not count. */
function uncounted(body: ObjectBody, watch: Watch): ObjectBody {
  return steppedBody(body, async (take) => {
    watch.stop();
    try {
      return await take();
    } finally {
      watch.start();
    }
  });
}

async function* stepped<T>(
  watch: Watch,
  open: (signal: AbortSignal) => AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  try {
    watch.signal.throwIfAborted();
    watch.start();
    for await (const item of open(watch.signal)) {
      watch.stop();
      yield item;
      watch.start();
    }
  } finally {
    watch.release();
  }
}

/** A stream whose watch begins with its first step. */
function lazily<T>(open: () => AsyncGenerator<T, void, undefined>): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: open };
}

function steppedStreams(store: ObjectStore, watchOf: WatchOf): Partial<ObjectStore> {
  return {
    async put(key, body, options) {
      const watch = watchOf(`put('${key}')`, options);
      watch.start();
      try {
        const { signal } = watch;
        return await store.put(key, uncounted(body, watch), { ...options, signal });
      } finally {
        watch.release();
      }
    },
    get: (key, options) =>
      lazily(() =>
        stepped(watchOf(`get('${key}')`, options), (signal) =>
          store.get(key, { ...options, signal }),
        ),
      ),
    list: (prefix, options) =>
      lazily(() =>
        stepped(watchOf(`list('${prefix}')`, options), (signal) => store.list(prefix, { signal })),
      ),
  };
}

function boundedCalls(store: ObjectStore, watchOf: WatchOf): Partial<ObjectStore> {
  const { retainedUntil, freeBytes } = store;
  return {
    head: (key, options) =>
      bounded(watchOf(`head('${key}')`, options), (signal) => store.head(key, { signal })),
    delete: (key, options) =>
      bounded(watchOf(`delete('${key}')`, options), (signal) => store.delete(key, { signal })),
    ...(retainedUntil && {
      retainedUntil: (key, options) =>
        bounded(watchOf(`retainedUntil('${key}')`, options), (signal) =>
          store.retainedUntil!(key, { signal }),
        ),
    }),
    ...(freeBytes && {
      freeBytes: () => bounded(watchOf('freeBytes()', undefined), () => store.freeBytes!()),
    }),
  };
}

function boundedCopies(store: ObjectStore, watchOf: WatchOf): Partial<ObjectStore> {
  const { copy, sweep } = store;
  return {
    ...(copy && {
      copy: (from, to, options) =>
        bounded(watchOf(`copy('${from}')`, options), (signal) =>
          store.copy!(from, to, { ...options, signal }),
        ),
    }),
    ...(sweep && {
      sweep: (options) =>
        bounded(watchOf('sweep()', options), (signal) => store.sweep!({ ...options, signal })),
    }),
  };
}

/**
 * A store whose calls fail with `OBJECT_STORE_UNAVAILABLE` when they take too long. What was waited for is aborted, and
 * so are its requests.
 *
 * @throws `OPTIONS_INVALID` without any bound, `DURATION_INVALID`
 */
export function withTimeouts(store: ObjectStore, options: TimeoutLayerOptions): ObjectStore {
  refuseUnknown('withTimeouts', options, ['call', 'step', 'copy', 'clock']);
  const { call, step, copy, clock = systemClock } = options;
  if (call === undefined && step === undefined && copy === undefined) {
    throw optionsInvalid('withTimeouts', 'nothing is bounded', "Give { call: '30s', step: '5m' }.");
  }
  const watchFor = (duration: Duration, name: string): WatchOf => {
    const ms = durationMs(duration, `withTimeouts: ${name}`);
    return (what, given) => new Watch(clock, ms, `${what} in ${store.url}`, given?.signal);
  };
  return layeredStore(store, {
    ...(call !== undefined && boundedCalls(store, watchFor(call, 'call'))),
    ...(step !== undefined && steppedStreams(store, watchFor(step, 'step'))),
    ...(copy !== undefined && boundedCopies(store, watchFor(copy, 'copy'))),
  });
}
