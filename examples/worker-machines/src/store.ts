import type { RunStore } from '@holdfast/core';
import { postgresRunStore } from '@holdfast/storage/postgres';
import { sqliteRunStore } from '@holdfast/storage/sqlite';

/** Machines share a database (`postgres://…`); processes of one machine may share a file. */
export function sharedStore(place: string): RunStore {
  return place.startsWith('postgres') ? postgresRunStore({ url: place }) : sqliteRunStore(place);
}
