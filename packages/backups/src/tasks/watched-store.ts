import type { ObjectBody, ObjectStore } from '@holdfast/core';

async function* counted(
  body: AsyncIterable<Uint8Array>,
  passed: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of body) {
    passed(chunk.byteLength);
    yield chunk;
  }
}

function countedBody(body: ObjectBody, passed: (bytes: number) => void): ObjectBody {
  if (!(body instanceof Uint8Array)) return counted(body, passed);
  passed(body.byteLength);
  return body;
}

/** The same store, telling of the bytes that are written to it and read from it. */
export function watchedStore(store: ObjectStore, passed: (bytes: number) => void): ObjectStore {
  const { copy, freeBytes } = store;
  return {
    url: store.url,
    properties: store.properties,
    put: (key, body, options) => store.put(key, countedBody(body, passed), options),
    get: (key, options) => counted(store.get(key, options), passed),
    head: (key, options) => store.head(key, options),
    list: (prefix, options) => store.list(prefix, options),
    delete: (key) => store.delete(key),
    ...(copy === undefined ? {} : { copy: copy.bind(store) }),
    ...(freeBytes === undefined ? {} : { freeBytes: freeBytes.bind(store) }),
    close: () => store.close(),
  };
}
