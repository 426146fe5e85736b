import { ObjectStoreError } from '../../src/store/object-store.ts';
import { readAll, relisted } from './altered-store.ts';
import type { Liars } from './liars-writing.ts';

const MIB = 1024 * 1024;

/** Stores that break their word on reading. */
export const readingLiars: Liars = {
  'throws at the call of get instead of the first read': (store) => ({
    get(key, options) {
      if (key === 'a/b') throw new ObjectStoreError('missing', 'nothing there');
      return store.get(key, options);
    },
  }),
  'reads nothing as an empty object': (store) => ({
    async *get(key, options) {
      if (await store.head(key, options)) yield* store.get(key, options);
    },
  }),
  'has an empty head of nothing': (store) => ({
    head: async (key, options) =>
      (await store.head(key, options)) ?? { key, bytes: 0, modifiedAt: 1 },
  }),
  'throws a plain error for what is missing': (store) => ({
    async *get(key, options) {
      if (!(await store.head(key, options))) throw new Error('ENOENT');
      yield* store.get(key, options);
    },
  }),
  'lends every chunk': (store) => ({
    async *get(key, options) {
      const memory = new Uint8Array(4 * MIB);
      for await (const chunk of store.get(key, options)) {
        memory.set(chunk);
        yield memory.subarray(0, chunk.byteLength);
      }
    },
  }),
  'takes a lent chunk back before the next is asked for': (store) => ({
    async *get(key, options = {}) {
      for await (const chunk of store.get(key, options)) {
        if (options.lent === true) setImmediate(() => chunk.fill(0));
        yield chunk;
      }
    },
  }),
  'ends a read early when the object is deleted': (store) => ({
    async *get(key, options) {
      for await (const chunk of store.get(key, options)) {
        yield chunk;
        if (!(await store.head(key))) return;
      }
    },
  }),
  'reads every chunk from what is there by then': (store) => ({
    async *get(key, options = {}) {
      const { start = 0, end = Infinity, ...others } = options;
      const size = (await store.head(key, others))?.bytes ?? 0;
      if (size <= 2 * MIB || start > 0 || end < size) {
        yield* store.get(key, options);
        return;
      }
      for (let at = 0; at < ((await store.head(key))?.bytes ?? size); at += MIB) {
        yield await readAll(store, key, { ...others, start: at, end: at + MIB });
      }
    },
  }),
  'gives one of several readers nothing': (store) => {
    let readers = 0;
    return {
      async *get(key, options) {
        const second = ++readers > 1;
        try {
          for await (const chunk of store.get(key, options)) {
            await new Promise((resolve) => setImmediate(resolve));
            if (!second) yield chunk;
          }
        } finally {
          readers--;
        }
      },
    };
  },
  'ignores the signal of a read': (store) => ({
    get: (key, options) => store.get(key, { ...options, signal: new AbortController().signal }),
  }),
  'ends a read that is given up as if it were whole': (store) => ({
    async *get(key, options) {
      for await (const chunk of store.get(key, { ...options, signal: AbortSignal.any([]) })) {
        yield chunk;
        if (options?.signal?.aborted === true) return;
      }
    },
  }),
  'ignores the signal of head': (store) => ({ head: (key) => store.head(key) }),
  'gives a big object in one piece': (store) => ({
    async *get(key, options) {
      const bytes = await readAll(store, key, options);
      if (bytes.byteLength > 0) yield bytes;
    },
  }),
  'frees nothing when a loop is left': (store) => ({
    get: (key, options) => ({
      [Symbol.asyncIterator]: () => {
        const chunks = store.get(key, options)[Symbol.asyncIterator]();
        return { next: () => chunks.next() };
      },
    }),
  }),
  'frees a read only when it is read on after an abort': (store) => ({
    async *get(key, options) {
      const signal = options?.signal;
      signal?.throwIfAborted();
      for await (const chunk of store.get(key, { ...options, signal: AbortSignal.any([]) })) {
        yield chunk;
        signal?.throwIfAborted();
      }
    },
  }),
  'opens an object before anybody reads': (store) => ({
    get: (key, options) => {
      const chunks = store.get(key, options)[Symbol.asyncIterator]();
      const first = chunks.next();
      first.catch(() => undefined);
      let begun = false;
      return {
        [Symbol.asyncIterator]: () => ({
          next: () => (begun ? chunks.next() : ((begun = true), first)),
          return: async () => (begun ? chunks.return!() : { done: true, value: undefined }),
        }),
      };
    },
  }),
  'takes the end of a range for the last byte': (store) => ({
    get: (key, options = {}) =>
      store.get(key, options.end === undefined ? options : { ...options, end: options.end + 1 }),
  }),
  'ignores a range': (store) => ({
    get: (key, { signal } = {}) => store.get(key, signal && { signal }),
  }),
  'gives the whole where a range holds nothing': (store) => ({
    async *get(key, options = {}) {
      const bytes = await readAll(store, key, options);
      if (bytes.byteLength > 0) yield bytes;
      else yield* store.get(key);
    },
  }),
  'fails on a range beyond the end': (store) => ({
    async *get(key, options = {}) {
      const size = (await store.head(key))?.bytes ?? Infinity;
      if ((options.start ?? 0) > size) throw new ObjectStoreError('invalid', '416');
      yield* store.get(key, options);
    },
  }),
  'gives the whole for a range that makes no sense': (store) => ({
    async *get(key, options) {
      try {
        yield* store.get(key, options);
      } catch (error) {
        if (!(error instanceof ObjectStoreError) || error.problem !== 'invalid') throw error;
        yield* store.get(key);
      }
    },
  }),
};

/** Stores that break their word on listing. */
export const listingLiars: Liars = {
  'lists in the order of writing': (store) => {
    const written: string[] = [];
    return {
      put: (key, body, options) => {
        written.push(key);
        return store.put(key, body, options);
      },
      list: relisted(store, (keys) => [...new Set(written)].filter((key) => keys.includes(key))),
    };
  },
  'lists as directories are sorted': (store) => ({
    list: relisted(store, (keys) =>
      keys.toSorted((a, b) => (a.replaceAll('/', '\0') < b.replaceAll('/', '\0') ? -1 : 1)),
    ),
  }),
  'lists in the order of a language': (store) => ({
    list: relisted(store, (keys) => keys.toSorted((a, b) => a.localeCompare(b))),
  }),
  'lists in the order of UTF-16 code units': (store) => ({
    list: relisted(store, (keys) => keys.toSorted()),
  }),
  'lists one page': (store) => ({ list: relisted(store, (keys) => keys.slice(0, 1000)) }),
  'lists the last of a page again': (store) => ({
    list: relisted(store, (keys) => [...keys.slice(0, 1000), ...keys.slice(999)]),
  }),
  'takes a prefix for a directory': (store) => ({
    list: relisted(store, (keys, prefix) =>
      keys.filter((key) => key === prefix || key.startsWith(prefix && prefix.replace(/\/?$/, '/'))),
    ),
  }),
  'takes a prefix for a pattern': (store) => ({
    list: relisted(
      store,
      (keys, prefix) => {
        const pattern = Array.from(prefix);
        return keys.filter((key) => pattern.every((sign, at) => sign === '_' || sign === key[at]));
      },
      () => '',
    ),
  }),
  'lists something where nothing is': (store) => ({
    async *list(prefix, options) {
      const before = await store.head('taken');
      let any = false;
      for await (const info of store.list(prefix, options)) {
        any = true;
        yield info;
      }
      if (!any && !before) yield { key: `${prefix}x`, bytes: 0, modifiedAt: 1 };
    },
  }),
  'lists sizes that are wrong': (store) => ({
    async *list(prefix, options) {
      for await (const info of store.list(prefix, options)) yield { ...info, bytes: 0 };
    },
  }),
  'fails when an object vanishes under a listing': (store) => ({
    async *list(prefix, options) {
      const keys: string[] = [];
      for await (const { key } of store.list(prefix, options)) keys.push(key);
      for (const key of keys) {
        const info = await store.head(key);
        if (!info) throw new ObjectStoreError('missing', 'vanished');
        yield info;
      }
    },
  }),
  'lists by position, and misses what moves up': (store) => ({
    async *list(prefix, options) {
      for (let at = 0; ; at++) {
        const infos = [];
        for await (const info of store.list(prefix, options)) infos.push(info);
        const info = infos[at];
        if (!info) return;
        yield info;
      }
    },
  }),
  'ignores the signal of a listing': (store) => ({ list: (prefix) => store.list(prefix) }),
  'holds what a listing needs for ever': (store) => ({
    async *list(prefix, options) {
      const first = await store.list(prefix)[Symbol.asyncIterator]().next();
      if (first.done !== true) await store.get(first.value.key)[Symbol.asyncIterator]().next();
      yield* store.list(prefix, options);
    },
  }),
};
