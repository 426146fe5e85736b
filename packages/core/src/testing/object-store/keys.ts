import assert from 'node:assert/strict';
import { isHoldfastError } from '../../errors/holdfast-error.ts';
import { MAX_KEY_BYTES } from '../../store/object-key.ts';
import { compareObjectKeys } from '../../store/object-key-order.ts';
import type { ObjectStore } from '../../store/object-store.ts';
import type { ObjectStoreCheck } from './check.ts';
import { assertHolds, contents, failureOf, keysOf, read } from './probes.ts';

const INVALID = [
  '',
  '/a',
  'a/',
  'a//b',
  '.',
  '..',
  '../a',
  'a/../b',
  'a/./b',
  'a\\b',
  'a\u0000b',
  'a\nb',
  'e\u0301',
  '\ud800',
  'x'.repeat(201),
  Array.from({ length: 6 }, () => 'y'.repeat(180)).join('/'),
  '.holdfast-tmp',
  '.holdfast-tmp/a',
  'a/.Holdfast-b/c',
];

const STRANGE = [
  'with space',
  ' leading and trailing ',
  '.hidden',
  '.holdfast',
  '..two',
  '...',
  'a.',
  '-rf',
  '~',
  'a:b',
  'a%2Fb',
  'a%b',
  'a+b',
  'a?b#c&d=e',
  `'"\`$(id)`,
  '*',
  '[x]{y}<z>|!@^;,',
  'caf\u00e9',
  '\u4e2d\u6587/\u0431\u044d\u043a\u0430\u043f',
  '\u{1f5c4}',
  'constructor',
  '__proto__',
];

/** The longest key that a store takes, in parts of no more than 200 bytes. */
function longestKey(store: ObjectStore): string {
  const { maxKeyBytes = MAX_KEY_BYTES } = store.properties;
  const parts = `${'x'.repeat(199)}/`.repeat(Math.ceil(maxKeyBytes / 200)).slice(0, maxKeyBytes);
  return `${parts.slice(0, -1)}y`;
}

function callsWith(store: ObjectStore, key: string): [string, () => Promise<unknown>][] {
  return [
    ['put', () => store.put(key, contents(1))],
    ['get', () => read(store, key)],
    ['head', () => store.head(key)],
    ['delete', () => store.delete(key)],
  ];
}

/** That the rule for keys is the same in every store. */
export const keyChecks: readonly ObjectStoreCheck[] = [
  {
    name: 'refuses an invalid key, whatever is asked of it',
    async run({ store }) {
      for (const key of INVALID) {
        for (const [method, call] of callsWith(store, key)) {
          const what = `${method}(${JSON.stringify(key.slice(0, 40))})`;
          const error = await failureOf(call, what);
          assert.ok(isHoldfastError(error), `${what} failed with ${String(error)}`);
          assert.equal(error.code, 'OBJECT_KEY_INVALID', what);
        }
      }
      const error = await failureOf(() => keysOf(store, '../'), "list('../')");
      assert.ok(isHoldfastError(error) && error.code === 'OBJECT_KEY_INVALID', String(error));
      assert.deepEqual(await keysOf(store), []);
    },
  },
  {
    name: 'keeps strange but valid keys as they are',
    async run({ store }) {
      for (const [index, key] of STRANGE.entries()) {
        await store.put(key, contents(20, index + 1));
        await store.put(`in/${key}/x`, contents(30, index + 1));
      }
      const all = [...STRANGE, ...STRANGE.map((key) => `in/${key}/x`)].toSorted(compareObjectKeys);
      assert.deepEqual(await keysOf(store), all);
      for (const [index, key] of STRANGE.entries()) {
        await assertHolds(store, key, contents(20, index + 1));
        await assertHolds(store, `in/${key}/x`, contents(30, index + 1));
        await store.delete(key);
        assert.equal(await store.head(key), undefined);
      }
    },
  },
  {
    name: 'keeps the longest key, and refuses a longer one',
    async run({ store }) {
      const longest = longestKey(store);
      await store.put(longest, contents(10));
      await assertHolds(store, longest, contents(10));
      const error = await failureOf(() => store.put(`${longest}y`, contents(1)), 'put beyond');
      assert.ok(isHoldfastError(error) && error.code === 'OBJECT_KEY_INVALID', String(error));
      await store.delete(longest);
      assert.deepEqual(await keysOf(store), []);
    },
  },
  {
    name: 'tells keys apart that differ only in case',
    async run({ store }) {
      await store.put('Dump/A', contents(10, 1));
      await store.put('dump/a', contents(10, 2));
      await assertHolds(store, 'Dump/A', contents(10, 1));
      await assertHolds(store, 'dump/a', contents(10, 2));
      assert.deepEqual(await keysOf(store), ['Dump/A', 'dump/a']);
    },
  },
];
