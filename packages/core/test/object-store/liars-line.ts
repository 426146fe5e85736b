import type { ObjectStore } from '../../src/store/object-store.ts';
import { ObjectStoreError, objectStoreProblem } from '../../src/store/object-store.ts';
import { collected, readAll } from './altered-store.ts';
import type { Liars } from './liars-writing.ts';

function isLost(error: unknown): boolean {
  return objectStoreProblem(error) === 'unavailable';
}

/** What a body gives until it breaks. */
async function firstOf(body: Parameters<ObjectStore['put']>[1]): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) {
    chunks.push(chunk);
    if (chunks.length === 2) break;
  }
  return Buffer.concat(chunks);
}

/** Stores that break their word when their line is bad. */
export const lineLiars: Liars = {
  'takes a dead line for an empty place': (store) => ({
    head: (key, options) =>
      store.head(key, options).catch((error: unknown) => {
        if (!isLost(error)) throw error;
        return undefined;
      }),
  }),
  'stays down once its line was cut': (store, line) => ({
    async head(key, options) {
      if (line.wasCut) throw new ObjectStoreError('unavailable', 'still down');
      return store.head(key, options);
    },
  }),
  'keeps the half of a write whose line was cut': (store, line) => {
    const halves = new Map<string, Uint8Array>();
    return {
      async put(key, body, options) {
        try {
          return await store.put(key, body, options);
        } catch (error) {
          if (isLost(error)) halves.set(key, Buffer.from('half'));
          throw error;
        }
      },
      async head(key, options) {
        const half = halves.get(key);
        if (half && line.wasCut) await store.put(key, half);
        return store.head(key, options);
      },
    };
  },
  'keeps the half of a write whose answer was lost': (store) => {
    const halves = new Map<string, Uint8Array>();
    return {
      async put(key, body, options) {
        const half = await firstOf(body);
        halves.set(key, half);
        return store.put(key, half, options);
      },
    };
  },
  'ends a read whose line was cut as if it were whole': (store) => ({
    async *get(key, options) {
      try {
        yield* store.get(key, options);
      } catch (error) {
        if (!isLost(error)) throw error;
      }
    },
  }),
  'takes the first piece of an object for all of it': (store) => ({
    async *get(key, options) {
      for await (const chunk of store.get(key, options)) {
        yield chunk;
        if (chunk.byteLength < 1000) return;
      }
    },
  }),
  'hangs with its line, whatever the signal says': (store) => ({
    delete: async (key, options) => {
      options?.signal?.throwIfAborted();
      await store.delete(key);
    },
  }),
  'reads a body ahead of its line': (store) => ({
    put: async (key, body, options) => store.put(key, await collected(body), options),
  }),
  'reads ahead of its reader': (store) => ({
    async *get(key, options) {
      const all = await readAll(store, key, options);
      for (let at = 0; at < all.length; at += 65_536) yield all.subarray(at, at + 65_536);
    },
  }),
};
