import { layeredStore, memoryObjectStore } from '@holdfast/core';
import type { ObjectStore } from '@holdfast/core';
import type { ObjectStoreSubject } from '@holdfast/core/testing';

/** A store in memory that counts the reads that are open, as a store counts its files or connections. */
function countedStore(): { readonly store: ObjectStore; readonly held: () => number } {
  const memory = memoryObjectStore({ capacity: 1024 ** 3 });
  let held = 0;
  const get: ObjectStore['get'] = (key, options) => ({
    [Symbol.asyncIterator]: () => {
      const chunks = memory.get(key, options)[Symbol.asyncIterator]();
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
  });
  return { store: layeredStore(memory, { get }), held: () => held };
}

/** A layer over a store in memory, as the contract suite takes it. */
export function layerSubject(layer: (store: ObjectStore) => ObjectStore): ObjectStoreSubject {
  const { store, held } = countedStore();
  const layered = layer(store);
  return { store: layered, held, reopen: async () => layer(store), close: () => layered.close() };
}
