/** What opening a store does about tables that are missing or older than this software. */
export type MigrationMode = 'auto' | 'check' | 'off';
