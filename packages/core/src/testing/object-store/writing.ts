import assert from 'node:assert/strict';
import { compareObjectKeys } from '../../store/object-key-order.ts';
import { reusingBody, watchedBody } from './bodies.ts';
import type { ObjectStoreCheck } from './check.ts';
import { assertBytes, assertHolds, contents, inChunks, KIB, keysOf, MIB, read } from './probes.ts';

const SIZES = [0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, MIB - 1, MIB, MIB + 1, 3 * MIB + 7];

/** That what is written is what is kept. */
export const writingChecks: readonly ObjectStoreCheck[] = [
  {
    name: 'keeps bytes of every size as they are',
    async run({ store }) {
      for (const size of SIZES) {
        const bytes = contents(size, size + 1);
        await store.put(`sizes/${size}`, bytes);
        await assertHolds(store, `sizes/${size}`, bytes);
      }
    },
  },
  {
    name: 'keeps a stream as it is, whatever the size of its chunks',
    async run({ store }) {
      const bytes = contents(MIB + 4321);
      for (const size of [1009, 64 * KIB, MIB, 2 * MIB]) {
        await store.put(`chunks/${size}`, inChunks(bytes, size));
        await assertHolds(store, `chunks/${size}`, bytes);
      }
    },
  },
  {
    name: 'keeps a stream without chunks, and one with empty chunks',
    async run({ store }) {
      await store.put('none', inChunks(new Uint8Array(0), 1));
      await assertHolds(store, 'none', new Uint8Array(0));
      const empty = new Uint8Array(0);
      const { body } = watchedBody([empty, contents(10), empty, contents(20, 2), empty]);
      await store.put('gaps', body);
      await assertHolds(store, 'gaps', Buffer.concat([contents(10), contents(20, 2)]));
    },
  },
  {
    name: 'says of an object what put, head and list agree on',
    async run({ store }) {
      const put = await store.put('a/b', inChunks(contents(70_000), 1000));
      assert.equal(put.key, 'a/b');
      assert.equal(put.bytes, 70_000);
      assert.ok(Number.isFinite(put.modifiedAt) && put.modifiedAt > 0, 'modifiedAt is a time');
      assert.ok(put.modifiedAt > 1e12, 'modifiedAt counts milliseconds');
      const head = await store.head('a/b');
      assert.deepEqual({ ...head }, { ...put }, 'head is what put said');
      const listed = [];
      for await (const info of store.list('')) listed.push({ ...info });
      assert.deepEqual(listed, [{ ...put }], 'list is what put said');
    },
  },
  {
    name: 'replaces an object, longer or shorter',
    async run({ store }) {
      for (const size of [5000, 90_000, 10, 0, 7]) {
        const bytes = contents(size, size + 3);
        await store.put('same', bytes);
        await assertHolds(store, 'same', bytes);
      }
      assert.deepEqual(await keysOf(store), ['same']);
    },
  },
  {
    name: 'keeps its own copy of what is written',
    async run({ store }) {
      const bytes = contents(5000);
      const own = bytes.slice();
      await store.put('bytes', own);
      own.fill(0);
      assertBytes(await read(store, 'bytes'), bytes, 'after the written bytes were changed');
      const long = contents(MIB + 300_000, 2);
      await store.put('reused', reusingBody(long, 100_000));
      assertBytes(await read(store, 'reused'), long, 'from a body that reuses its buffer');
    },
  },
  {
    name: 'hands out bytes that can be changed without harm',
    async run({ store }) {
      await store.put('a', contents(5000));
      for await (const chunk of store.get('a')) chunk.fill(0);
      assertBytes(await read(store, 'a'), contents(5000), 'after the bytes read were changed');
    },
  },
  {
    name: 'asks a body for one chunk at a time, and for nothing after its end',
    async run({ store }) {
      const chunks = Array.from({ length: 12 }, (_, index) => contents(40_000, index + 1));
      const { body, seen } = watchedBody(chunks);
      await store.put('a', body);
      assertBytes(await read(store, 'a'), Buffer.concat(chunks), 'the body');
      assert.equal(seen.most, 1, 'chunks asked for at once');
      assert.equal(seen.afterEnd, 0, 'chunks asked for after the end');
    },
  },
  {
    name: 'takes many objects at once',
    async run({ store }) {
      const names = Array.from({ length: 24 }, (_, index) => `new/place/${index % 3}/${index}`);
      await Promise.all(
        names.map((name, index) => store.put(name, inChunks(contents(9000, index + 1), 1000))),
      );
      for (const [index, name] of names.entries()) {
        assertBytes(await read(store, name), contents(9000, index + 1), name);
      }
      assert.deepEqual(await keysOf(store), names.toSorted(compareObjectKeys));
    },
  },
  {
    name: 'shows to a second opening what the first has written',
    needs: 'reopen',
    async run(subject) {
      const { store } = subject;
      await store.put('a/b', contents(50_000));
      await store.put('c', contents(10, 2));
      await store.delete('c');
      const second = await subject.reopen!();
      try {
        await assertHolds(second, 'a/b', contents(50_000));
        assert.deepEqual(await keysOf(second), ['a/b']);
      } finally {
        await second.close();
      }
    },
  },
];
