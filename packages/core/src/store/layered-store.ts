import type { ObjectStore } from './object-store.ts';

/**
 * A store that does as another does, but for what is given: for layers over any {@link ObjectStore}. Methods that a
 * store need not have are there exactly when the store below has them, or when they are given.
 *
 * @param changes `undefined` takes an optional method away
 */
export function layeredStore(
  store: ObjectStore,
  changes: { readonly [name in keyof ObjectStore]?: ObjectStore[name] | undefined },
): ObjectStore {
  const { copy, retainedUntil, sweep, freeBytes } = store;
  const layered = {
    url: store.url,
    properties: store.properties,
    put: store.put.bind(store),
    get: store.get.bind(store),
    head: store.head.bind(store),
    list: store.list.bind(store),
    delete: store.delete.bind(store),
    copy: copy?.bind(store),
    retainedUntil: retainedUntil?.bind(store),
    sweep: sweep?.bind(store),
    freeBytes: freeBytes?.bind(store),
    close: store.close.bind(store),
    ...changes,
  };
  const present = Object.entries(layered).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as unknown as ObjectStore;
}
