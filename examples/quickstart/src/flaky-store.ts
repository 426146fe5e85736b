import { ObjectStoreError, type ObjectStore } from '@holdfast/core';

/** A store that is out of reach at the first attempt to write to it, as stores on a network sometimes are. */
export function unreachableOnce(store: ObjectStore): ObjectStore {
  let reached = false;
  return {
    url: store.url,
    properties: store.properties,
    put: async (key, body, options) => {
      if (reached) return store.put(key, body, options);
      reached = true;
      throw new ObjectStoreError('unavailable', `The store ${store.url} did not answer.`);
    },
    get: (key, options) => store.get(key, options),
    head: (key, options) => store.head(key, options),
    list: (prefix, options) => store.list(prefix, options),
    delete: (key) => store.delete(key),
    close: () => store.close(),
  };
}
