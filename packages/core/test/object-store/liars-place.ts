import { checkObjectKey } from '../../src/store/object-key.ts';
import { ObjectStoreError } from '../../src/store/object-store.ts';
import type { ObjectStore } from '../../src/store/object-store.ts';
import type { Liars } from './liars-writing.ts';

/** A store that changes keys on their way in and out. */
function rekeyed(
  store: ObjectStore,
  into: (key: string) => string,
  out: (key: string) => string = (key) => key,
): Partial<ObjectStore> {
  return {
    put: async (key, body, options) => ({ ...(await store.put(into(key), body, options)), key }),
    get: (key, options) => store.get(into(key), options),
    head: async (key, options) => {
      const info = await store.head(into(key), options);
      return info && { ...info, key };
    },
    async *list(prefix, options) {
      for await (const info of store.list(into(prefix), options)) {
        yield { ...info, key: out(info.key) };
      }
    },
    delete: (key) => store.delete(into(key)),
  };
}

function decoded(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** Stores that break their word on deleting. */
export const deletingLiars: Liars = {
  'deletes nothing': () => ({ delete: async () => undefined }),
  'deletes all that begins with the key': (store) => ({
    async delete(key) {
      for await (const info of store.list(key)) await store.delete(info.key);
    },
  }),
  'ignores the signal of a delete': (store) => ({ delete: (key) => store.delete(key) }),
  'complains when there is nothing to delete': (store) => ({
    async delete(key) {
      if (!(await store.head(key))) throw new ObjectStoreError('missing', 'nothing there');
      await store.delete(key);
    },
  }),
  'never takes a deleted key again': (store) => {
    const deleted = new Set<string>();
    return {
      async put(key, body, options) {
        if (deleted.has(key)) throw new ObjectStoreError('exists', 'a tombstone');
        return store.put(key, body, options);
      },
      async delete(key) {
        deleted.add(key);
        await store.delete(key);
      },
    };
  },
  'takes a directory away with what has just arrived in it': (store) => {
    let deleting = 0;
    return {
      async put(key, body, options) {
        const info = await store.put(key, body, options);
        if (deleting > 0) await store.delete(key);
        return info;
      },
      async delete(key) {
        deleting++;
        await store.delete(key);
        await new Promise((resolve) => setImmediate(resolve));
        deleting--;
      },
    };
  },
};

/** Stores that break their word on keys. */
export const keyLiars: Liars = {
  'takes any key': (store) => ({
    ...rekeyed(store, (key) => {
      try {
        return checkObjectKey(key);
      } catch {
        return `made-up-${Buffer.from(key.slice(0, 20)).toString('hex')}`;
      }
    }),
    list: (prefix, options) => store.list(prefix, options),
  }),
  'takes a reserved key': (store) => rekeyed(store, (key) => key.replace(/\.holdfast-/i, 'free-')),
  'claims to take shorter keys than it does': (store) => ({
    properties: { ...store.properties, maxKeyBytes: 500 },
  }),
  'decodes a key': (store) => rekeyed(store, decoded),
  'trims a key': (store) => rekeyed(store, (key) => key.trim()),
  'cuts a long key': (store) => rekeyed(store, (key) => key.slice(0, 512)),
  'does not tell cases apart': (store) => rekeyed(store, (key) => key.toLowerCase()),
};

/** Stores that tell lies of themselves, or break their word on copies. */
export const placeLiars: Liars = {
  'tells its credentials': () => ({ url: 'sftp://backup:secret@vault/backups' }),
  'has a URL that is none': () => ({ url: 'the vault' }),
  'claims a copy it does not have': () => ({ copy: undefined as never }),
  'claims a retention it does not have': () => ({ retainedUntil: undefined as never }),
  'has no largest object': (store) => ({
    properties: { ...store.properties, maxObjectBytes: Number.POSITIVE_INFINITY },
  }),
  'moves instead of copying': (store) => ({
    async copy(from, to, options) {
      const info = await store.copy!(from, to, options);
      await store.delete(from);
      return info;
    },
  }),
  'copies nothing': (store) => ({
    copy: async (_, to) => ({ key: to, bytes: 5000, modifiedAt: 1e12 + 1 }),
    list: (prefix, options) => store.list(prefix, options),
  }),
  'copies onto a taken key': (store) => ({
    copy: (from, to, options) => {
      const { signal } = options ?? {};
      return store.copy!(from, to, signal && { signal });
    },
  }),
  'copies although it was told not to': (store) => ({
    copy: (from, to, options) => store.copy!(from, to, { ifAbsent: options?.ifAbsent === true }),
  }),
  'has a number of free bytes that is none': () => ({ freeBytes: async () => Number.NaN }),
  'cannot be closed twice': () => {
    let closed = false;
    return {
      async close() {
        if (closed) throw new Error('closed already');
        closed = true;
      },
    };
  },
};
