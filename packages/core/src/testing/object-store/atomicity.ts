import assert from 'node:assert/strict';
import { failingBody, heldBody } from './bodies.ts';
import type { ObjectStoreCheck } from './check.ts';
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

const BROKEN = [contents(MIB), contents(300_000, 2)];

/** That an object is seen whole or not at all. */
export const atomicityChecks: readonly ObjectStoreCheck[] = [
  {
    name: 'passes on the error of a body, and keeps nothing of it',
    async run({ store }) {
      for (const chunks of [[], [contents(10)], BROKEN]) {
        const error = new Error('the dump broke');
        await assertFailsWith(() => store.put('a/b', failingBody(chunks, error)), error, 'put');
        await assertNothing(store, 'a/b');
        assert.deepEqual(await keysOf(store), []);
      }
    },
  },
  {
    name: 'keeps the object that was there when its replacement fails',
    async run({ store }) {
      await store.put('a', contents(1000));
      const error = new Error('the dump broke');
      await assertFailsWith(() => store.put('a', failingBody(BROKEN, error)), error, 'put');
      await assertHolds(store, 'a', contents(1000));
    },
  },
  {
    name: 'shows nothing of an object before it is whole',
    async run(subject) {
      const { store } = subject;
      const body = heldBody(BROKEN);
      const put = store.put('a/b', body);
      await within(subject, 'taking the body', Promise.race([body.asked, put]));
      await assertNothing(store, 'a/b');
      assert.deepEqual(await keysOf(store), [], 'nothing unfinished is in the list');
      body.end();
      await within(subject, 'put', put);
      await assertHolds(store, 'a/b', Buffer.concat(BROKEN));
    },
  },
  {
    name: 'shows the old object until the new one is whole',
    async run(subject) {
      const { store } = subject;
      await store.put('a', contents(1000));
      const body = heldBody(BROKEN);
      const put = store.put('a', body);
      await within(subject, 'taking the body', Promise.race([body.asked, put]));
      await assertHolds(store, 'a', contents(1000));
      body.end();
      await within(subject, 'put', put);
      await assertHolds(store, 'a', Buffer.concat(BROKEN));
    },
  },
  {
    name: 'leaves one of two writes under a key whole when they meet',
    async run(subject) {
      const { store } = subject;
      const sides = [contents(MIB, 5), contents(400_000, 6)];
      const bodies = sides.map((bytes) => heldBody([bytes]));
      const puts = bodies.map((body) => store.put('a', body));
      const asked = bodies.map((body, side) => Promise.race([body.asked, puts[side]]));
      await within(subject, 'taking both bodies', Promise.all(asked));
      for (const body of bodies) body.end();
      await within(subject, 'both puts', Promise.all(puts));
      const kept = await read(store, 'a');
      assertBytes(kept, sides.find((side) => side.length === kept.length) ?? sides[0]!, 'kept');
    },
  },
  {
    name: 'gives a write up before it begins when its signal is aborted',
    async run({ store }) {
      const reason = new Error('cancelled');
      const signal = AbortSignal.abort(reason);
      await assertFailsWith(() => store.put('a', contents(10), { signal }), reason, 'put of bytes');
      await assertFailsWith(
        () => store.put('b', inChunks(contents(10), 1), { signal }),
        reason,
        'put of a stream',
      );
      assert.deepEqual(await keysOf(store), []);
    },
  },
  {
    name: 'gives a write up at once when its signal aborts, even while the body keeps it waiting',
    async run(subject) {
      const { store } = subject;
      await store.put('old', contents(1000));
      for (const key of ['new/key', 'old']) {
        const reason = new Error('cancelled');
        const controller = new AbortController();
        const body = heldBody(BROKEN);
        const put = failureOf(() => store.put(key, body, { signal: controller.signal }), 'put');
        await within(subject, 'taking the body', Promise.race([body.asked, put]));
        controller.abort(reason);
        assert.equal(await within(subject, 'the aborted put', put), reason, 'the reason is thrown');
        await within(subject, 'closing the body', body.closed);
      }
      await assertNothing(store, 'new/key');
      await assertHolds(store, 'old', contents(1000));
      assert.deepEqual(await keysOf(store), ['old']);
    },
  },
  {
    name: 'takes a key again after a write under it was given up',
    async run({ store }) {
      const error = new Error('the dump broke');
      await assertFailsWith(() => store.put('a', failingBody(BROKEN, error)), error, 'put');
      await store.put('a', contents(5));
      await assertHolds(store, 'a', contents(5));
    },
  },
];
