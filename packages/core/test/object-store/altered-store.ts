import { layeredStore } from '../../src/store/layered-store.ts';
import { memoryObjectStore } from '../../src/store/memory/memory-object-store.ts';
import type { ObjectStore } from '../../src/store/object-store.ts';
import type { ObjectStoreSubject } from '../../src/testing/object-store-suite.ts';
import { testLine } from './line-store.ts';
import type { TestLine } from './line-store.ts';

/** A subject that offers all a check can ask for, on an honest store unless altered. */
export function subjectOf(
  alter: (store: ObjectStore, line: TestLine) => Partial<ObjectStore>,
): ObjectStoreSubject {
  const line = testLine();
  const honest = line.before(memoryObjectStore({ capacity: 1024 ** 3 }));
  let held = 0;
  // Counts readers as a store counts its open files.
  const counting = layeredStore(honest, {
    sweep: async () => ({ removed: 0 }),
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
  const open = (): ObjectStore => layeredStore(counting, alter(counting, line));
  return {
    store: open(),
    reopen: async () => open(),
    line,
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
