import { checkObjectKey, checkObjectPrefix, layeredStore, MAX_KEY_BYTES } from '@holdfast/core';
import type { ObjectInfo, ObjectStore } from '@holdfast/core';

/** The URL of a place below another; a query stays behind it. */
function urlBelow(url: string, prefix: string): string {
  const [, path = '', rest = ''] = /^([^?#]*)(.*)$/s.exec(url) ?? [];
  const below = prefix.split('/').map(encodeURIComponent).join('/');
  return `${path.replace(/\/$/, '')}/${below}${rest}`;
}

/**
 * The part of a store whose keys begin with a prefix and a slash, as a store of its own: its keys begin behind them.
 * They can be shorter only by that much, as `properties.maxKeyBytes` says.
 *
 * @param prefix without slashes at its ends: 'team/nightly'
 * @throws `OBJECT_KEY_INVALID` when no key can begin with it
 */
export function withPrefix(store: ObjectStore, prefix: string): ObjectStore {
  checkObjectKey(prefix);
  const start = `${prefix}/`;
  const full = (key: string): string => `${start}${checkObjectKey(key)}`;
  const seen = (info: ObjectInfo): ObjectInfo => ({ ...info, key: info.key.slice(start.length) });
  const { copy, retainedUntil, sweep } = store;
  const longest = store.properties.maxKeyBytes ?? MAX_KEY_BYTES;
  return layeredStore(store, {
    url: urlBelow(store.url, prefix),
    properties: { ...store.properties, maxKeyBytes: longest - Buffer.byteLength(start) },
    put: async (key, body, options) => seen(await store.put(full(key), body, options)),
    async *get(key, options) {
      yield* store.get(full(key), options);
    },
    async head(key, options) {
      const info = await store.head(full(key), options);
      return info && seen(info);
    },
    async *list(below, options) {
      for await (const info of store.list(`${start}${checkObjectPrefix(below)}`, options)) {
        yield seen(info);
      }
    },
    delete: async (key, options) => store.delete(full(key), options),
    copy:
      copy && (async (from, to, options) => seen(await store.copy!(full(from), full(to), options))),
    retainedUntil:
      retainedUntil && (async (key, options) => store.retainedUntil!(full(key), options)),
    sweep:
      sweep &&
      ((options) => store.sweep!({ ...options, prefix: `${start}${options?.prefix ?? ''}` })),
  });
}
