import assert from 'node:assert/strict';
import { MAX_KEY_BYTES } from '../../store/object-key.ts';
import type { ObjectStoreCheck } from './check.ts';
import { assertFailsWith, assertHolds, assertNothing, assertProblem, contents } from './probes.ts';

/** What a store says of itself, copies within it, and its end. */
export const placeChecks: readonly ObjectStoreCheck[] = [
  {
    name: 'names its place by a URL without credentials',
    async run({ store }) {
      const url = new URL(store.url);
      assert.equal(url.username + url.password, '', 'credentials in the URL');
    },
  },
  {
    name: 'says what it can do',
    async run({ store }) {
      const { ifAbsent, maxObjectBytes, serverSideCopy, retention, maxKeyBytes } = store.properties;
      assert.ok([true, false, 'looks'].includes(ifAbsent), `ifAbsent is ${ifAbsent}`);
      const keyBytes = maxKeyBytes ?? MAX_KEY_BYTES;
      assert.ok(Number.isInteger(keyBytes) && keyBytes > 0 && keyBytes <= MAX_KEY_BYTES, 'keys');
      const told = store.retainedUntil !== undefined;
      assert.equal(retention ?? false, told, 'retention tells of retainedUntil()');
      assert.ok(Number.isSafeInteger(maxObjectBytes) && maxObjectBytes > 0, 'maxObjectBytes');
      assert.equal(serverSideCopy, store.copy !== undefined, 'serverSideCopy tells of copy()');
    },
  },
  {
    name: 'copies an object where it offers to',
    async run({ store }) {
      if (!store.copy) return;
      await store.put('from', contents(5000));
      await store.put('taken', contents(10, 2));
      const info = await store.copy('from', 'to/here');
      assert.deepEqual({ ...info }, { ...(await store.head('to/here')) });
      await assertHolds(store, 'to/here', contents(5000));
      await store.copy('from', 'taken');
      await assertHolds(store, 'taken', contents(5000));
      await store.delete('from');
      await assertHolds(store, 'taken', contents(5000));
    },
  },
  {
    name: 'refuses a copy as it refuses a write',
    async run({ store }) {
      if (!store.copy) return;
      await assertProblem(() => store.copy!('nothing', 'to'), 'missing', 'copy of nothing');
      await assertNothing(store, 'to');
      await store.put('from', contents(5000));
      await store.put('taken', contents(10, 2));
      const problem = store.properties.ifAbsent === false ? 'invalid' : 'exists';
      const copy = (): Promise<unknown> => store.copy!('from', 'taken', { ifAbsent: true });
      await assertProblem(copy, problem, 'copy onto a taken key');
      await assertHolds(store, 'taken', contents(10, 2));
      const reason = new Error('cancelled');
      const signal = AbortSignal.abort(reason);
      await assertFailsWith(() => store.copy!('from', 'to', { signal }), reason, 'aborted copy');
      await assertNothing(store, 'to');
    },
  },
  {
    name: 'counts its free bytes, where it can',
    async run({ store }) {
      const before = await store.freeBytes?.();
      if (before === undefined) return;
      assert.ok(Number.isSafeInteger(before) && before >= 0, `${before} free bytes`);
    },
  },
  {
    name: 'can be closed twice',
    async run({ store }) {
      await store.put('a', contents(10));
      await store.close();
      await store.close();
    },
  },
];
