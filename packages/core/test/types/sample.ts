import { flow, task, type Outcome } from '@holdfast/core';

export interface Db {
  name: string;
  port?: number;
}

export interface Backup {
  id: string;
  bytes: number;
}

/** A service: it has a private part, so nothing of the same shape stands in for it. */
export class Vault {
  readonly #prefix = 'v';

  put(backup: Backup): string {
    return this.#prefix + backup.id;
  }
}

export class PgError extends Error {
  sqlState = '';
}

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Whether a type is `any`, which every other check would let pass. */
export type IsAny<T> = 0 extends 1 & T ? true : false;

export const vault = new Vault();
export const db: Db = { name: 'orders' };
export const databases: Db[] = [db];
export const backup: Backup = { id: 'b', bytes: 1 };

export const dump = task(async (each: Db): Promise<Backup> => ({ id: each.name, bytes: 1 }), {
  name: 'dump',
});
export const length = task(function length(text: string) {
  return text.length;
});
export const verify = task(async function verify(each: Backup, deep = false) {
  return { ...each, deep };
});
export const archive = task(async function archive(each: Backup, into: Vault) {
  return into.put(each);
});
export const tag = task(async function tag(names: string[], ...labels: string[]) {
  return names.length + labels.length;
});
export const flag = task(async function flag(on: boolean) {
  return on;
});
export const gather = task(async function gather(all: {
  dumps: Backup[];
  at: Date;
  opts?: { deep: boolean };
}) {
  return all.dumps.length;
});
export const report = task(async function report(outcomes: Outcome<Backup>[]) {
  return outcomes.length;
});
export const one = task(async function one(outcome: Outcome<Backup>) {
  return outcome.ok ? outcome.value.id : outcome.error.message;
});
export const opaque = task(async function opaque(
  bytes: Uint8Array,
  sizes: Map<string, number>,
  names: Set<string>,
) {
  return bytes.length + sizes.size + names.size;
});
export const nothing = task(async function nothing() {});
export const loose = task(async function loose(value: unknown) {
  return value;
});
export const either = task(async function either(value: string | string[]) {
  return value;
});
export const json = task(async function json(value: Json) {
  return value;
});
export const identity = task(async function identity<T>(value: T) {
  return value;
});
export const list = task(async function list() {
  return databases;
});
export const count = flow(async function count(given: Db[]) {
  return given.length;
});
