/**
 * Opens object stores by their URLs. Each adapter has a subpath of its own, too.
 *
 * @module @holdfast/storage
 */
export { openObjectStore } from './open/open-object-store.ts';
export type { OpenObjectStoreOptions } from './open/open-object-store.ts';
