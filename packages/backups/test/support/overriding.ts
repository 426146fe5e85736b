import type { ObjectStore } from '@holdfast/core';

/** A store of which some methods are others. */
export function overriding(store: ObjectStore, methods: Partial<ObjectStore>): ObjectStore {
  return new Proxy(store, {
    get(target, property) {
      if (Object.hasOwn(methods, property)) return Reflect.get(methods, property) as unknown;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
