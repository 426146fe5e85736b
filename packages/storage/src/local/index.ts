export { localObjectStore } from './local-object-store.ts';
export type { LocalObjectStoreOptions } from './local-object-store.ts';
