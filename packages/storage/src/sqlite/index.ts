export { sqliteRunStore } from './sqlite-run-store.ts';
export type { SqliteRunStore, SqliteRunStoreOptions } from './sqlite-run-store.ts';
export type { MigrationMode } from '../sql/migration-mode.ts';
