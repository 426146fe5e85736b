import { ObjectStoreError } from '../../src/store/object-store.ts';
import type { ObjectStore } from '../../src/store/object-store.ts';
import { collected, readAll, relisted } from './altered-store.ts';
import type { TestLine } from './line-store.ts';

/** A way to break the contract, and what it changes in an honest store. */
export type Liars = {
  readonly [lie: string]: (store: ObjectStore, line: TestLine) => Partial<ObjectStore>;
};

async function* rest(iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (;;) {
    const step = await iterator.next();
    if (step.done === true) return;
    yield step.value;
  }
}

/** Stores that break their word on writing. */
export const writingLiars: Liars = {
  'publishes a part before the whole': (store) => ({
    async put(key, body, options) {
      if (body instanceof Uint8Array) return store.put(key, body, options);
      let sofar = Buffer.alloc(0);
      for await (const chunk of body) {
        sofar = Buffer.concat([sofar, chunk]);
        await store.put(key, sofar);
      }
      return store.put(key, sofar, options);
    },
  }),
  'removes the old object before the new one is whole': (store) => ({
    async put(key, body, options) {
      if (options?.ifAbsent !== true) await store.delete(key);
      return store.put(key, body, options);
    },
  }),
  'publishes what a broken body gave so far': (store) => ({
    async put(key, body, options) {
      const chunks: Uint8Array[] = [];
      try {
        if (body instanceof Uint8Array) return await store.put(key, body, options);
        for await (const chunk of body) chunks.push(Uint8Array.from(chunk));
      } catch (error) {
        await store.put(key, Buffer.concat(chunks));
        throw error;
      }
      return store.put(key, Buffer.concat(chunks), options);
    },
  }),
  'wraps the error of a body': (store) => ({
    put: (key, body, options) =>
      store.put(key, body, options).catch((error: unknown) => {
        if (error instanceof ObjectStoreError || options?.signal?.aborted === true) throw error;
        throw new ObjectStoreError('unavailable', 'the write failed', { cause: error });
      }),
  }),
  'swallows the error of a body': (store) => ({
    put: (key, body, options) =>
      store.put(key, body, options).catch((error: unknown) => {
        if (error instanceof Error && error.message === 'the dump broke') {
          return { key, bytes: 0, modifiedAt: 1e12 + 1 };
        }
        throw error;
      }),
  }),
  'blocks a key after a failed write': (store) => {
    const failed = new Set<string>();
    return {
      async put(key, body, options) {
        if (failed.has(key)) throw new ObjectStoreError('exists', 'unfinished');
        try {
          return await store.put(key, body, options);
        } catch (error) {
          failed.add(key);
          throw error;
        }
      },
    };
  },
  'ignores the signal of a write': (store) => ({
    put: (key, body, options) => store.put(key, body, { ifAbsent: options?.ifAbsent === true }),
  }),
  'looks at the signal of a write only when a chunk comes': (store) => ({
    async put(key, body, options) {
      options?.signal?.throwIfAborted();
      const bytes = await collected(body);
      return store.put(key, bytes, options);
    },
  }),
  'does not close a body it gives up': (store) => ({
    async put(key, body, options) {
      if (body instanceof Uint8Array) return store.put(key, body, options);
      const iterator = body[Symbol.asyncIterator]();
      return store.put(key, rest(iterator), options);
    },
  }),
  'keeps the bytes that it was given instead of a copy': (store) => {
    const shared = new Map<string, Uint8Array>();
    return {
      async put(key, body, options) {
        if (body instanceof Uint8Array) shared.set(key, body);
        return store.put(key, body, options);
      },
      get: (key, options) => {
        const bytes = shared.get(key);
        const reading = async function* reading(): AsyncGenerator<Uint8Array> {
          await store.put(key, bytes!);
          yield* store.get(key, options);
        };
        return bytes ? reading() : store.get(key, options);
      },
    };
  },
  'hands out the bytes that it keeps': (store) => {
    const kept = new Map<string, Uint8Array>();
    return {
      put: async (key, body, options) => {
        const bytes = await collected(body);
        kept.set(key, bytes);
        return store.put(key, bytes, options);
      },
      async *get(key, options) {
        if (options !== undefined || !kept.has(key)) yield* store.get(key, options);
        else yield kept.get(key)!;
      },
    };
  },
  'keeps nothing of an empty object': (store) => ({
    async put(key, body, options) {
      const info = await store.put(key, body, options);
      if (info.bytes === 0) await store.delete(key);
      return info;
    },
  }),
  'keeps one mebibyte at most': (store) => ({
    async put(key, body, options) {
      const bytes = await collected(body);
      return store.put(key, bytes.subarray(0, 1024 * 1024), options);
    },
  }),
  'loses the last chunk of a stream': (store) => ({
    async put(key, body, options) {
      if (body instanceof Uint8Array) return store.put(key, body, options);
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(Uint8Array.from(chunk));
      return store.put(key, Buffer.concat(chunks.slice(0, -1)), options);
    },
  }),
  'ends a stream at an empty chunk': (store) => ({
    put(key, body, options) {
      if (body instanceof Uint8Array) return store.put(key, body, options);
      const until = async function* until(): AsyncGenerator<Uint8Array> {
        for await (const chunk of body) {
          if (chunk.byteLength === 0) return;
          yield chunk;
        }
      };
      return store.put(key, until(), options);
    },
  }),
  'never replaces an object': (store) => ({
    async put(key, body, options) {
      return (await store.head(key)) ?? store.put(key, body, options);
    },
  }),
  'appends to an object that is there': (store) => ({
    async put(key, body, options) {
      const bytes = await collected(body);
      if ((await store.head(key)) === undefined || options?.ifAbsent === true) {
        return store.put(key, bytes, options);
      }
      return store.put(key, Buffer.concat([await readAll(store, key), bytes]), options);
    },
  }),
  'asks a body for several chunks at once': (store) => ({
    async put(key, body, options) {
      if (body instanceof Uint8Array) return store.put(key, body, options);
      const iterator = body[Symbol.asyncIterator]();
      const steps = await Promise.all([iterator.next(), iterator.next()]);
      async function* all(): AsyncGenerator<Uint8Array> {
        for (const step of steps) if (step.done !== true) yield step.value;
        yield* rest(iterator);
      }
      return store.put(key, all(), options);
    },
  }),
  'mixes two writes under a key': (store) => {
    const under = new Map<string, number>();
    return {
      async put(key, body, options) {
        under.set(key, (under.get(key) ?? 0) + 1);
        const bytes = await collected(body);
        const met = under.get(key)! > 1;
        if (met) bytes.fill(0, bytes.byteLength / 2);
        return store.put(key, bytes, options);
      },
    };
  },
  'loses a write that comes beside others': (store) => {
    let atOnce = 0;
    return {
      async put(key, body, options) {
        const busy = ++atOnce > 5;
        const info = await store.put(key, body, options).finally(() => atOnce--);
        if (busy) await store.delete(key);
        return info;
      },
    };
  },
  'tells seconds instead of milliseconds': (store) => ({
    async put(key, body, options) {
      const info = await store.put(key, body, options);
      return { ...info, modifiedAt: Math.floor(info.modifiedAt / 1000) };
    },
  }),
  'forgets what it has when it is opened again': (store) => {
    const mine = new Set<string>();
    return {
      put: (key, body, options) => {
        mine.add(key);
        return store.put(key, body, options);
      },
      head: async (key, options) => (mine.has(key) ? store.head(key, options) : undefined),
      list: relisted(store, (keys) => keys.filter((key) => mine.has(key))),
    };
  },
};

/** Stores that break their word on ifAbsent. */
export const ifAbsentLiars: Liars = {
  'ignores ifAbsent': (store) => ({
    put: (key, body, options) => {
      const { signal } = options ?? {};
      return store.put(key, body, signal && { signal });
    },
  }),
  'looks whether the key is free only before it reads the body': (store) => ({
    async put(key, body, options) {
      const { ifAbsent, signal } = options ?? {};
      if (ifAbsent === true && (await store.head(key))) {
        throw new ObjectStoreError('exists', 'taken');
      }
      return store.put(key, body, signal && { signal });
    },
  }),
  'refuses ifAbsent always': (store) => ({
    async put(key, body, options) {
      if (options?.ifAbsent === true) throw new ObjectStoreError('exists', 'taken');
      return store.put(key, body, options);
    },
  }),
  'ignores ifAbsent where it does not claim it': (store) => ({
    properties: { ...store.properties, ifAbsent: false },
    put: (key, body, options) => {
      const { signal } = options ?? {};
      return store.put(key, body, signal && { signal });
    },
  }),
  'decides ifAbsent in its own process only': (store) => {
    const taken = new Set<string>();
    return {
      async put(key, body, options) {
        const { ifAbsent, signal } = options ?? {};
        const bytes = await collected(body);
        if (ifAbsent === true && taken.has(key)) throw new ObjectStoreError('exists', 'taken');
        taken.add(key);
        return store.put(key, bytes, signal && { signal });
      },
    };
  },
};
