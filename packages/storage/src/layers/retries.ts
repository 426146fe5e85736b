import { compareObjectKeys, isReplayable, layeredStore } from '@holdfast/core';
import type { GetOptions, ObjectBody, ObjectInfo, ObjectStore, PutOptions } from '@holdfast/core';
import { bodyOnLoan } from './body-on-loan.ts';
import { Retrier } from './retrier.ts';
import type { NextTry, RetryLayerOptions, Signalled } from './retrier.ts';

async function put(
  retrier: Retrier,
  store: ObjectStore,
  key: string,
  body: ObjectBody,
  options: PutOptions = {},
): Promise<ObjectInfo> {
  const loan = bodyOnLoan(body);
  const call = { method: 'put', key, ...options } as const;
  const usedUp = (): boolean => loan.begun && !isReplayable(body);
  try {
    return await retrier.write(
      call,
      options,
      () => store.put(key, loan.body, options),
      (error) => loan.threw(error) || usedUp(),
    );
  } finally {
    await loan.giveBack();
  }
}

async function* get(
  retrier: Retrier,
  store: ObjectStore,
  key: string,
  options?: GetOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const next = retrier.begin({ method: 'get', key, ...options });
  for (;;) {
    let given = false;
    try {
      for await (const chunk of store.get(key, options)) {
        given = true;
        yield chunk;
      }
      return;
    } catch (error) {
      if (given) throw error;
      await next(error);
    }
  }
}

async function* list(
  retrier: Retrier,
  store: ObjectStore,
  prefix: string,
  options?: Signalled,
): AsyncGenerator<ObjectInfo, void, undefined> {
  const begin = (): NextTry => retrier.begin({ method: 'list', key: prefix, ...options });
  let next = begin();
  let last: string | undefined;
  for (;;) {
    try {
      for await (const info of store.list(prefix, options)) {
        if (last !== undefined && compareObjectKeys(info.key, last) <= 0) continue;
        last = info.key;
        next = begin();
        yield info;
      }
      return;
    } catch (error) {
      await next(error);
    }
  }
}

/**
 * A store whose calls are made again when they fail with what may pass (`unavailable`, `incomplete`).
 *
 * - `head`, `delete`, `retainedUntil`, `sweep`, `freeBytes` and `copy` are made again as they are.
 * - **`put`** is made again with bytes and with a `replayableBody`; with any other stream only as long as nothing
 *   was read of it. What the body itself throws is never followed by another try.
 * - **`put` and `copy` with `ifAbsent`** that find the key taken after a try that failed cannot know whether it was
 *   that try which took it: they fail with `OBJECT_STORE_UNAVAILABLE`, whose message says so.
 * - **`get`** is made again until its first chunk was given out; a read that breaks later throws, as another object
 *   may be there by then.
 * - **`list`** goes on behind the last key it has given out.
 *
 * Put it over layers that bound or check a single call, under those that count or name them.
 *
 * @throws `OPTIONS_INVALID`, `DURATION_INVALID`
 */
export function withRetries(store: ObjectStore, options: RetryLayerOptions = {}): ObjectStore {
  const retrier = new Retrier(options);
  const again = <T>(
    method: keyof ObjectStore,
    key: string,
    signalled: Signalled | undefined,
    attempt: () => Promise<T>,
  ): Promise<T> => retrier.call({ method, key, ...signalled }, attempt);
  return layeredStore(store, {
    put: (key, body, given) => put(retrier, store, key, body, given),
    get: (key, given) => get(retrier, store, key, given),
    head: (key, given) => again('head', key, given, () => store.head(key, given)),
    list: (prefix, given) => list(retrier, store, prefix, given),
    delete: (key, given) => again('delete', key, given, () => store.delete(key, given)),
    copy:
      store.copy &&
      ((from, to, given = {}) =>
        retrier.write({ method: 'copy', key: from, ...given }, given, () =>
          store.copy!(from, to, given),
        )),
    retainedUntil:
      store.retainedUntil &&
      ((key, given) => again('retainedUntil', key, given, () => store.retainedUntil!(key, given))),
    sweep: store.sweep && ((given) => again('sweep', '', given, () => store.sweep!(given))),
    freeBytes:
      store.freeBytes && (() => again('freeBytes', '', undefined, () => store.freeBytes!())),
  });
}
