/**
 * One of several workers that claim from one queue until nothing is left: `claims-process.ts <adapter> <place> <holder>`.
 * Says 'ready', begins when it is told to on stdin, and prints what it was given as one line of JSON.
 */
import { once } from 'node:events';
import { openBenchStore, QUEUE } from './bench-store.ts';
import type { Claimed } from './claims.ts';

/** Claimed at once: what a worker executes at once. */
const LIMIT = 50;

const [adapter = '', place = '', holder = ''] = process.argv.slice(2);
const store = await openBenchStore(adapter, place);
console.log('ready');
await once(process.stdin, 'data');

const ids: string[] = [];
for (;;) {
  const terms = { ...QUEUE, holder, ttl: 600_000, now: Date.now(), limit: LIMIT };
  const claims = await store.claim(terms);
  if (claims.length === 0) break;
  for (const { run } of claims) ids.push(run.id);
}
const endedAt = Date.now();
await store.close();
console.log(JSON.stringify({ ids, endedAt } satisfies Claimed));
process.stdin.destroy();
