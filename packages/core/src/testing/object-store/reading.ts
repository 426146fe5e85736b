import assert from 'node:assert/strict';
import type { ObjectStoreCheck } from './check.ts';
import {
  assertBytes,
  assertFailsWith,
  assertFreed,
  assertProblem,
  contents,
  MIB,
  read,
  within,
} from './probes.ts';

/** Reads the first chunk, lets something happen, and reads on; undefined when that throws. */
async function readAround(
  chunks: AsyncIterable<Uint8Array>,
  happening: () => Promise<unknown>,
): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  assert.ok(first.done !== true, 'a first chunk comes');
  parts.push(first.value);
  await happening();
  try {
    for (;;) {
      const step = await iterator.next();
      if (step.done === true) return Buffer.concat(parts);
      parts.push(step.value);
    }
  } catch {
    return undefined;
  }
}

const BIG = 8 * MIB;

/** That a read gives all of an object, or throws; and that it frees what it held. */
export const readingChecks: readonly ObjectStoreCheck[] = [
  {
    name: 'says OBJECT_MISSING with the first read, not before',
    async run({ store }) {
      for (const options of [{}, { start: 3 }, { start: 1, end: 1 }]) {
        const chunks = store.get('a/b', options);
        const first = (): Promise<unknown> => chunks[Symbol.asyncIterator]().next();
        await assertProblem(first, 'missing', 'get of nothing');
      }
    },
  },
  {
    name: 'has undefined for the head of nothing',
    async run({ store }) {
      await store.put('a/b', contents(10));
      for (const key of ['a', 'a/b/c', 'a/bc', 'x/y/z']) {
        assert.equal(await store.head(key), undefined, `head('${key}')`);
        await assertProblem(() => read(store, key), 'missing', `get('${key}')`);
      }
    },
  },
  {
    name: 'leaves a chunk as it is while others are read, or at least until then when it is lent',
    async run({ store }) {
      const bytes = contents(BIG + 4321);
      await store.put('a', bytes);
      for (const lent of [false, true]) {
        const kept: Uint8Array[] = [];
        for await (const chunk of store.get('a', { start: 7, lent })) {
          await new Promise((resolve) => setImmediate(resolve));
          kept.push(lent ? Uint8Array.from(chunk) : chunk);
        }
        assertBytes(Buffer.concat(kept), bytes.subarray(7), lent ? 'lent chunks' : 'kept chunks');
      }
    },
  },
  {
    name: 'never ends a read early when the object is deleted under it',
    async run({ store }) {
      await store.put('a', contents(BIG));
      const whole = await readAround(store.get('a'), () => store.delete('a'));
      if (whole) assertBytes(whole, contents(BIG), 'a read that ended well');
    },
  },
  {
    name: 'never mixes two objects when one is replaced under a read',
    async run({ store }) {
      for (const size of [BIG, BIG / 2, BIG + MIB]) {
        await store.put('a', contents(BIG, 1));
        const whole = await readAround(store.get('a'), () => store.put('a', contents(size, 2)));
        if (whole) assertBytes(whole, contents(BIG, 1), 'a read that ended well');
      }
    },
  },
  {
    name: 'gives several readers of one object all of it',
    async run({ store }) {
      await store.put('a', contents(3 * MIB));
      const reads = await Promise.all([1, 2, 3, 4].map(() => read(store, 'a')));
      for (const bytes of reads) assertBytes(bytes, contents(3 * MIB), 'a reader');
    },
  },
  {
    name: "throws the signal's reason from a read that is given up",
    async run(subject) {
      const { store } = subject;
      await store.put('a', contents(BIG));
      const reason = new Error('cancelled');
      const signal = AbortSignal.abort(reason);
      await assertFailsWith(() => read(store, 'a', { signal }), reason, 'get, aborted before');
      await assertFailsWith(() => store.head('a', { signal }), reason, 'head, aborted before');
      const controller = new AbortController();
      const rest = async (): Promise<void> => {
        for await (const chunk of store.get('a', { signal: controller.signal })) {
          assert.ok(chunk.byteLength < BIG, 'a big object comes in chunks');
          controller.abort(reason);
        }
      };
      const call = (): Promise<void> => within(subject, 'the aborted get', rest());
      await assertFailsWith(call, reason, 'get, aborted half way');
    },
  },
  {
    name: 'frees what a read held when its loop is left',
    needs: 'held',
    async run(subject) {
      const { store } = subject;
      await store.put('a', contents(BIG));
      for (let turn = 0; turn < 20; turn++) {
        for await (const chunk of store.get('a')) {
          assert.ok(chunk.byteLength > 0);
          break;
        }
      }
      await assertFreed(subject, 'after reads that were left');
      assertBytes(await read(store, 'a'), contents(BIG), 'afterwards');
      await assertFreed(subject, 'after a whole read');
    },
  },
  {
    name: 'frees what a read held when its signal aborts, though nobody reads on',
    needs: 'held',
    async run(subject) {
      const { store } = subject;
      await store.put('a', contents(BIG));
      const controller = new AbortController();
      const iterator = store.get('a', { signal: controller.signal })[Symbol.asyncIterator]();
      await iterator.next();
      controller.abort(new Error('cancelled'));
      await assertFreed(subject, 'after the abort');
    },
  },
  {
    name: 'frees what a read held when it fails or was never begun',
    needs: 'held',
    async run(subject) {
      const { store } = subject;
      await assertProblem(() => read(store, 'nothing'), 'missing', 'get of nothing');
      await store.put('a', contents(BIG));
      store.get('a');
      await store.get('a')[Symbol.asyncIterator]().return?.();
      await assertFreed(subject, 'after reads that came to nothing');
    },
  },
];
