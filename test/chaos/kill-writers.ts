import { setTimeout as moment } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { secret } from '@holdfast/core';
import type { ObjectStore } from '@holdfast/core';
import { openObjectStore } from '@holdfast/storage';
import { runAndKill } from './kill.ts';
import type { WritablePlace } from './writable-places.ts';

const PROGRAM = fileURLToPath(new URL('programs/object-writer.ts', import.meta.url));
/** Milliseconds after the first write of a process: most of it goes into writing. */
const SPAN = 400;

/** What all the kills together showed. */
export interface WritersReport {
  readonly kills: number;
  /** Writes whose end was told before a kill. */
  readonly acknowledged: number;
  /** Those of them that are not there. */
  readonly lost: readonly string[];
  /** Objects that are there and not whole, as they were after some kill. */
  readonly partial: readonly string[];
  /** Unfinished writes that kills had left, at most at a time. */
  readonly orphans: number;
  /** What of them a sweep has left. */
  readonly unswept: readonly string[];
}

/** Whether an object has as many bytes as its first ones tell. */
async function isWhole(store: ObjectStore, key: string): Promise<boolean> {
  let bytes = 0;
  let told = '';
  for await (const chunk of store.get(key)) {
    if (told === '') told = Buffer.from(chunk.subarray(0, 20)).toString().split('\n')[0] ?? '';
    bytes += chunk.byteLength;
  }
  return bytes === Number(told);
}

/** Looks at objects that were not looked at before, and at the one that is replaced each time. */
async function partialOf(store: ObjectStore, seen: Set<string>): Promise<string[]> {
  const partial: string[] = [];
  for await (const { key } of store.list('')) {
    if (seen.has(key) && key !== 'set/same') continue;
    seen.add(key);
    if (!(await isWhole(store, key))) partial.push(key);
  }
  return partial;
}

/** Sweeps until nothing is left: a service may keep the times of uploads in whole seconds, rounded up. */
async function sweep(place: WritablePlace, store: ObjectStore): Promise<readonly string[]> {
  for (let tries = 0; tries < 20; tries++) {
    await store.sweep!({ olderThan: 0 });
    const left = await place.unfinished();
    if (left.length === 0) return [];
    await moment(500);
  }
  return place.unfinished();
}

/** Kills a process that writes objects, again and again, at random. */
export async function killWriters(place: WritablePlace, kills: number): Promise<WritersReport> {
  const { url } = place;
  const references = Object.entries(place.credentials);
  const credentials = Object.fromEntries(references.map(([name, value]) => [name, secret(value)]));
  const store = await openObjectStore(url, { credentials });
  const acknowledged: string[] = [];
  const seen = new Set<string>();
  const partial: string[] = [];
  let orphans = 0;
  try {
    for (let kill = 0; kill < kills; kill++) {
      const args = [url, JSON.stringify(place.credentials), String(place.mostBytes)];
      const { printed, complaints } = await runAndKill(PROGRAM, args, SPAN, '\n');
      if (complaints !== '') throw new Error(`the process complained:\n${complaints}`);
      acknowledged.push(...printed.split('\n').slice(0, -1));
      partial.push(...(await partialOf(store, seen)));
      orphans = Math.max(orphans, (await place.unfinished()).length);
    }
    const unswept = await sweep(place, store);
    partial.push(...(await partialOf(store, seen)));
    const lost = acknowledged.filter((key) => !seen.has(key));
    return { kills, acknowledged: acknowledged.length, lost, partial, orphans, unswept };
  } finally {
    await store.close();
  }
}
