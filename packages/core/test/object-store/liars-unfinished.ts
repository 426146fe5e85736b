import { ObjectStoreError } from '../../src/store/object-store.ts';
import { relisted } from './altered-store.ts';
import type { Liars } from './liars-writing.ts';

/** Stores that break their word on what is under way, what is swept and what is kept for a time. */
export const unfinishedLiars: Liars = {
  'shows its unfinished writes': (store) => {
    const unfinished = new Set<string>();
    const list = relisted(store, (keys) => keys);
    return {
      async put(key, body, options) {
        unfinished.add(key);
        return store.put(key, body, options).finally(() => unfinished.delete(key));
      },
      async *list(prefix, options) {
        yield* list(prefix, options);
        for (const key of unfinished) yield { key: `${key}.part`, bytes: 0, modifiedAt: 1 };
      },
    };
  },
  'fails for good when two writes meet': (store) => {
    let under = 0;
    return {
      async put(key, body, options) {
        const met = ++under > 1;
        const info = await store.put(key, body, options).finally(() => under--);
        if (met) throw new ObjectStoreError('invalid', 'another write is under way');
        return info;
      },
    };
  },
  'sweeps what is under way': (store) => {
    const under = new Set<string>();
    return {
      async put(key, body, options) {
        under.add(key);
        const info = await store.put(key, body, options);
        if (!under.delete(key)) throw new ObjectStoreError('unavailable', 'swept away');
        return info;
      },
      async sweep() {
        const removed = under.size;
        under.clear();
        return { removed };
      },
    };
  },
  'ignores a retention': (store) => ({
    put: (key, body, { ifAbsent = false, signal } = {}) =>
      store.put(key, body, { ifAbsent, ...(signal && { signal }) }),
  }),
  'ignores a retention where it does not claim it': (store) => ({
    properties: { ...store.properties, retention: false },
    put: (key, body, { ifAbsent = false, signal } = {}) =>
      store.put(key, body, { ifAbsent, ...(signal && { signal }) }),
  }),
  'takes a retention that is past': (store) => ({
    put: (key, body, options = {}) => {
      const { retainUntil = Infinity, ...others } = options;
      return store.put(key, body, retainUntil < Date.now() ? others : options);
    },
  }),
};
