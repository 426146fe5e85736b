import assert from 'node:assert/strict';
import { objectStoreProblem } from '../../store/object-store.ts';
import { failingBody, heldBody } from './bodies.ts';
import type { ObjectStoreCheck, ObjectStoreSubject } from './check.ts';
import {
  assertBytes,
  assertFailsWith,
  assertHolds,
  assertNothing,
  contents,
  failureOf,
  inChunks,
  keysOf,
  MIB,
  read,
  within,
} from './probes.ts';

/** No divisor of the size of a part. */
const CHUNK = 300_007;

function largeContents(subject: ObjectStoreSubject, seed = 1): Uint8Array {
  return contents((subject.largeBytes ?? 3 * MIB) + 4321, seed);
}

async function chunksOf(bytes: Uint8Array): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of inChunks(bytes, CHUNK)) chunks.push(chunk);
  return chunks;
}

/** That all of it holds for an object too large for one request, too. */
export const partsChecks: readonly ObjectStoreCheck[] = [
  {
    name: 'keeps an object of several parts as it is, also read in ranges',
    async run(subject) {
      const { store } = subject;
      const bytes = largeContents(subject);
      await store.put('stream', inChunks(bytes, CHUNK));
      await assertHolds(store, 'stream', bytes);
      await store.put('bytes', bytes);
      await assertHolds(store, 'bytes', bytes);
      const third = Math.floor(bytes.byteLength / 3);
      const range = { start: third - 10, end: 2 * third + 10 };
      const part = bytes.subarray(range.start, range.end);
      assertBytes(await read(store, 'stream', range), part, 'a range over several parts');
    },
  },
  {
    name: 'keeps nothing of an object of several parts whose body breaks',
    async run(subject) {
      const { store } = subject;
      const error = new Error('the dump broke');
      const chunks = await chunksOf(largeContents(subject));
      await assertFailsWith(() => store.put('a/b', failingBody(chunks, error)), error, 'put');
      await assertNothing(store, 'a/b');
      assert.deepEqual(await keysOf(store), []);
    },
  },
  {
    name: 'shows an object of several parts when it is whole, and the old one until then',
    async run(subject) {
      const { store } = subject;
      await store.put('old', contents(1000));
      const bytes = largeContents(subject);
      for (const key of ['new', 'old']) {
        const body = heldBody(await chunksOf(bytes));
        const put = store.put(key, body);
        await within(subject, 'taking the body', Promise.race([body.asked, put]));
        await assertHolds(store, 'old', contents(1000));
        if (key === 'new') await assertNothing(store, key);
        body.end();
        await within(subject, 'put', put);
        await assertHolds(store, key, bytes);
      }
    },
  },
  {
    name: 'gives an object of several parts up at once when its signal aborts',
    async run(subject) {
      const { store } = subject;
      const reason = new Error('cancelled');
      const controller = new AbortController();
      const body = heldBody(await chunksOf(largeContents(subject)));
      const put = failureOf(() => store.put('a', body, { signal: controller.signal }), 'put');
      await within(subject, 'taking the body', Promise.race([body.asked, put]));
      controller.abort(reason);
      assert.equal(await within(subject, 'the aborted put', put), reason, 'the reason is thrown');
      await within(subject, 'closing the body', body.closed);
      await assertNothing(store, 'a');
    },
  },
  {
    name: 'leaves one of two objects of several parts whole when they meet, and says which failed',
    async run(subject) {
      const { store } = subject;
      const sides = [largeContents(subject, 5), largeContents(subject, 6).subarray(0, -999)];
      const bodies = await Promise.all(sides.map(async (side) => heldBody(await chunksOf(side))));
      const puts = bodies.map((body) => store.put('a', body));
      const settled = Promise.allSettled(puts);
      const asked = bodies.map((body, side) => Promise.race([body.asked, puts[side]]));
      await within(subject, 'taking both bodies', Promise.all(asked));
      for (const body of bodies) body.end();
      const outcomes = await within(subject, 'both puts', settled);
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') continue;
        const problem = objectStoreProblem(outcome.reason);
        assert.equal(problem, 'unavailable', `a write that met another: ${String(outcome.reason)}`);
      }
      const kept = await read(store, 'a');
      const whose = sides.findIndex((side) => side.length === kept.length);
      assertBytes(kept, sides[whose] ?? sides[0]!, 'what is kept');
      assert.equal(outcomes[whose]?.status, 'fulfilled', 'what is kept was acknowledged');
    },
  },
];
