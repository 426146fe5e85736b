export { postgresRunStore } from './postgres-run-store.ts';
export type { PostgresRunStore } from './postgres-run-store.ts';
export type { PostgresRunStoreOptions } from './options.ts';
export type { PostgresClient, PostgresPool, PostgresStatement, TypeParsers } from './pool.ts';
export type { MigrationMode } from '../sql/migration-mode.ts';
