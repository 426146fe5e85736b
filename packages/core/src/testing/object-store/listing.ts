import assert from 'node:assert/strict';
import { compareObjectKeys } from '../../store/object-key-order.ts';
import type { ObjectStore } from '../../store/object-store.ts';
import type { ObjectStoreCheck } from './check.ts';
import { assertFailsWith, assertFreed, contents, keysOf } from './probes.ts';

async function putAll(store: ObjectStore, keys: readonly string[]): Promise<void> {
  for (let at = 0; at < keys.length; at += 8) {
    await Promise.all(keys.slice(at, at + 8).map((key) => store.put(key, contents(key.length))));
  }
}

/** In ascending order already; written in another one. */
const TRICKY = [
  'a b',
  'a!',
  'a-b',
  'a-c/z',
  'a.b/c',
  'a/B',
  'a/b',
  'a/b-c/d',
  'a/b0',
  'a0',
  'aB',
  'aa/b',
  'ab',
  'a\u00e9',
  'b/a/a/a',
  'b/a0/a',
].toSorted(compareObjectKeys);

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `d${index % 7}/${index}`).toSorted(
    compareObjectKeys,
  );
}

/** That a listing is complete, in order, and lazy. */
export const listingChecks: readonly ObjectStoreCheck[] = [
  {
    name: 'lists nothing where nothing is',
    async run({ store }) {
      assert.deepEqual(await keysOf(store), []);
      assert.deepEqual(await keysOf(store, 'a/'), []);
    },
  },
  {
    name: 'lists in ascending order over the whole tree',
    async run({ store }) {
      await putAll(store, TRICKY.toReversed());
      assert.deepEqual(await keysOf(store), TRICKY);
    },
  },
  {
    name: 'orders keys by the bytes of their UTF-8',
    async run({ store }) {
      // The last ones change places in the order of UTF-16 code units, in which JavaScript compares.
      const ends = ['Z', 'a', 'z', '\u00e4', '\u4e2d', '\uff5e', '\u{1f5c4}'];
      const keys = [...ends, ...ends.map((end) => `a\uff5e/${end}`)].toSorted((a, b) =>
        Buffer.compare(Buffer.from(a), Buffer.from(b)),
      );
      await putAll(store, keys.toReversed());
      assert.deepEqual(await keysOf(store), keys);
    },
  },
  {
    name: 'lists what begins with the prefix, as a text and not as a directory or a pattern',
    async run({ store }) {
      const keys = ['a', 'ab', 'ab2/c', 'b/c', 'b/cd/e', 'p%q/x', 'p*/x', 'p_q/x', 'pxq/x'];
      await putAll(store, keys);
      const prefixes = [
        '',
        'a',
        'ab',
        'ab/',
        'ab2/',
        'b',
        'b/',
        'b/c',
        'b/cd',
        'b/cd/',
        'b/d',
        'c',
      ];
      for (const prefix of [...prefixes, 'p_', 'p%', 'p*', 'A', 'a/b/c']) {
        const expected = keys.filter((key) => key.startsWith(prefix));
        assert.deepEqual(await keysOf(store, prefix), expected, `list('${prefix}')`);
      }
    },
  },
  {
    name: 'lists every object of many, once',
    async run(subject) {
      const keys = numbered(subject.many ?? 120);
      await putAll(subject.store, keys);
      assert.deepEqual(await keysOf(subject.store), keys);
      const some = keys.filter((key) => key.startsWith('d3/'));
      assert.deepEqual(await keysOf(subject.store, 'd3/'), some);
    },
  },
  {
    name: 'lists the size that head tells',
    async run({ store }) {
      await putAll(store, ['a', 'bb/cc', 'ccc']);
      for await (const info of store.list('')) {
        assert.equal(info.bytes, info.key.length, `size of '${info.key}'`);
        assert.deepEqual({ ...info }, { ...(await store.head(info.key)) });
      }
    },
  },
  {
    name: 'misses nothing and gives nothing twice while objects come and go',
    async run({ store }) {
      const keys = numbered(40);
      await putAll(store, keys);
      const gone = new Set(keys.filter((_, index) => index % 5 === 4));
      const seen: string[] = [];
      for await (const { key } of store.list('')) {
        seen.push(key);
        if (seen.length === 1) {
          for (const each of gone) await store.delete(each);
          await putAll(store, ['a-before', 'd3/5-between', 'd9/after', keys[0]!, keys[20]!]);
        }
      }
      const stayed = keys.filter((key) => !gone.has(key));
      assert.deepEqual(
        seen.filter((key) => stayed.includes(key)),
        stayed,
        'what was there all the time',
      );
      assert.deepEqual(
        seen,
        [...new Set(seen)].toSorted(compareObjectKeys),
        'in order, and nothing twice',
      );
    },
  },
  {
    name: "throws the signal's reason from a listing that is given up",
    async run({ store }) {
      await putAll(store, numbered(20));
      const reason = new Error('cancelled');
      const listed = async (controller: AbortController): Promise<number> => {
        let count = 0;
        for await (const info of store.list('', { signal: controller.signal })) {
          assert.ok(info.key !== '');
          if (++count === 3) controller.abort(reason);
        }
        return count;
      };
      await assertFailsWith(() => listed(new AbortController()), reason, 'a listing, half way');
      const before = new AbortController();
      before.abort(reason);
      await assertFailsWith(() => listed(before), reason, 'a listing, aborted before');
    },
  },
  {
    name: 'frees what a listing held when its loop is left',
    needs: 'held',
    async run(subject) {
      await putAll(subject.store, numbered(20));
      for (let turn = 0; turn < 20; turn++) {
        for await (const info of subject.store.list('')) {
          assert.ok(info.key !== '');
          break;
        }
      }
      await assertFreed(subject, 'after listings that were left');
      assert.equal((await keysOf(subject.store)).length, 20);
    },
  },
];
