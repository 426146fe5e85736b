import { memoryObjectStore } from '../../src/store/memory/memory-object-store.ts';
import type { ObjectStore } from '../../src/store/object-store.ts';
import type { ObjectStoreSubject } from '../../src/testing/object-store-suite.ts';

/** A store that does as another does, but for some methods. */
function altered(store: ObjectStore, changes: Partial<ObjectStore>): ObjectStore {
  return {
    url: store.url,
    properties: store.properties,
    put: (key, body, options) => store.put(key, body, options),
    get: (key, options) => store.get(key, options),
    head: (key, options) => store.head(key, options),
    list: (prefix, options) => store.list(prefix, options),
    delete: (key) => store.delete(key),
    copy: (from, to, options) => store.copy!(from, to, options),
    freeBytes: () => store.freeBytes!(),
    close: () => store.close(),
    ...changes,
  };
}

/** A subject that offers all a check can ask for, on an honest store unless altered. */
export function subjectOf(alter: (store: ObjectStore) => Partial<ObjectStore>): ObjectStoreSubject {
  const honest = memoryObjectStore({ capacity: 1024 ** 3 });
  let held = 0;
  // Counts readers as a store counts its open files.
  const counting = altered(honest, {
    get: (key, options) => ({
      [Symbol.asyncIterator]: () => {
        const chunks = honest.get(key, options)[Symbol.asyncIterator]();
        let open = false;
        const free = (): void => {
          if (open) held--;
          open = false;
        };
        options?.signal?.addEventListener('abort', free, { once: true });
        return {
          async next() {
            if (!open) held++;
            open = true;
            const step = await chunks.next().catch((error: unknown) => {
              free();
              throw error;
            });
            if (step.done === true || options?.signal?.aborted === true) free();
            return step;
          },
          async return() {
            free();
            return chunks.return!();
          },
        };
      },
    }),
  });
  const store = altered(counting, alter(counting));
  return {
    store,
    reopen: async () => altered(counting, alter(counting)),
    held: () => held,
    patience: 100,
    many: 1200,
    close: async () => undefined,
  };
}

export async function readAll(
  store: ObjectStore,
  key: string,
  options?: Parameters<ObjectStore['get']>[1],
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.get(key, options)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The bytes of a body, read to its end. */
export async function collected(body: Uint8Array | AsyncIterable<Uint8Array>): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

/** A listing, changed as a whole. */
export function relisted(
  store: ObjectStore,
  change: (keys: readonly string[], prefix: string) => readonly string[],
  ask = (prefix: string): string => prefix,
): ObjectStore['list'] {
  return async function* list(prefix, options) {
    const keys: string[] = [];
    for await (const { key } of store.list(ask(prefix), options)) keys.push(key);
    for (const key of change(keys, prefix)) {
      const info = await store.head(key, options);
      if (info) yield info;
    }
  };
}
