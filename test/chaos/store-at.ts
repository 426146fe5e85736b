import type { RunStore } from '@holdfast/core';
import { postgresRunStore } from '@holdfast/storage/postgres';
import { sqliteRunStore } from '@holdfast/storage/sqlite';

/** The run store of a place: the URL of a PostgreSQL database, or a SQLite file. */
export function storeAt(place: string): RunStore {
  return place.startsWith('postgresql:') ? postgresRunStore({ url: place }) : sqliteRunStore(place);
}
