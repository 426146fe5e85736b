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

/** All that a stream gives. */
export async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** An object as text. */
export async function textOf(store: ObjectStore, key: string): Promise<string> {
  return Buffer.concat(await all(store.get(key))).toString();
}

/** A body of texts, which cannot be read again. */
export async function* texts(...chunks: string[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

/** A body that breaks after four bytes: 'the dump broke'. */
export async function* brokenBody(): AsyncGenerator<Uint8Array, void, undefined> {
  yield Buffer.from('half');
  throw new Error('the dump broke');
}
