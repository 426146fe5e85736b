import assert from 'node:assert/strict';
import type { ObjectStoreCheck } from './check.ts';
import {
  assertFailsWith,
  assertHolds,
  assertNothing,
  contents,
  inChunks,
  keysOf,
} from './probes.ts';

/** That a delete removes one object, and nothing else. */
export const deletingChecks: readonly ObjectStoreCheck[] = [
  {
    name: 'deletes an object and no other',
    async run({ store }) {
      const keys = ['a', 'ab', 'b/c', 'b/c2', 'b/d/e'];
      for (const key of keys) await store.put(key, contents(10));
      for (const key of ['a', 'b/c', 'b/d/e']) {
        await store.delete(key);
        await assertNothing(store, key);
      }
      assert.deepEqual(await keysOf(store), ['ab', 'b/c2']);
      await assertHolds(store, 'b/c2', contents(10));
    },
  },
  {
    name: 'deletes nothing without complaint where nothing is',
    async run({ store }) {
      await store.put('a/b', contents(10));
      await store.delete('x');
      await store.delete('x/y/z');
      await store.delete('a');
      await store.delete('a/b/c');
      await assertHolds(store, 'a/b', contents(10));
      await store.delete('a/b');
      await store.delete('a/b');
      assert.deepEqual(await keysOf(store), []);
    },
  },
  {
    name: 'gives a delete up before it begins when its signal is aborted',
    async run({ store }) {
      await store.put('a/b', contents(10));
      const reason = new Error('cancelled');
      const signal = AbortSignal.abort(reason);
      await assertFailsWith(() => store.delete('a/b', { signal }), reason, 'the aborted delete');
      await assertHolds(store, 'a/b', contents(10));
    },
  },
  {
    name: 'takes a deleted key again',
    async run({ store }) {
      for (const seed of [1, 2, 3]) {
        await store.put('a/b/c', contents(100, seed));
        await assertHolds(store, 'a/b/c', contents(100, seed));
        await store.delete('a/b/c');
      }
      await assertNothing(store, 'a/b/c');
    },
  },
  {
    name: 'takes the last object of a place away while others arrive there',
    async run({ store }) {
      for (let turn = 0; turn < 25; turn++) {
        const old = `p/q/${turn}`;
        const next = `p/q/${turn + 1}`;
        if (turn === 0) await store.put(old, contents(10));
        await Promise.all([
          store.delete(old),
          store.put(next, inChunks(contents(3000, turn + 1), 1000)),
          store.delete(`${old}/none`),
        ]);
        await assertHolds(store, next, contents(3000, turn + 1));
        assert.deepEqual(await keysOf(store), [next]);
      }
    },
  },
];
