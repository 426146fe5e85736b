import { layeredStore, tappedBody, type ObjectStore } from '@holdfast/core';

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  passed: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of chunks) {
    passed(chunk.byteLength);
    yield chunk;
  }
}

/** The same store, telling of the bytes that are written to it and read from it. */
export function watchedStore(store: ObjectStore, passed: (bytes: number) => void): ObjectStore {
  const chunk = (bytes: Uint8Array): Uint8Array => {
    passed(bytes.byteLength);
    return bytes;
  };
  return layeredStore(store, {
    put: (key, body, options) =>
      store.put(
        key,
        tappedBody(body, () => ({ chunk })),
        options,
      ),
    get: (key, options) => counted(store.get(key, options), passed),
  });
}
