import assert from 'node:assert/strict';
import type { ObjectStore } from '../../store/object-store.ts';
import { heldBody } from './bodies.ts';
import type { ObjectStoreCheck } from './check.ts';
import { assertHolds, assertProblem, contents, MIB, read, within } from './probes.ts';

const BODY = [contents(MIB), contents(300_000, 2)];

/** Asks for an object again and again, and fails when it is not there for a moment. */
async function watch(store: ObjectStore, key: string, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    for (let turn = 0; turn < 20 && !isOver(); turn++) {
      assert.ok(await store.head(key), `'${key}' is there while it is replaced`);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What is seen, and swept, of what is under way; and what is kept for a time. */
export const unfinishedChecks: readonly ObjectStoreCheck[] = [
  {
    name: 'has the old object or the new one at every moment, where it is atomic',
    async run({ store }) {
      if (store.properties.atomic === false) return;
      await store.put('a', contents(100));
      let over = false;
      const watching = watch(store, 'a', () => over);
      const replacing = (async () => {
        for (let turn = 0; turn < 25; turn++) await store.put('a', contents(200 + turn, turn + 1));
      })().finally(() => (over = true));
      await Promise.all([watching, replacing]);
      await assertHolds(store, 'a', contents(224, 25));
    },
  },
  {
    name: 'sweeps no write away that is under way',
    async run(subject) {
      const { store } = subject;
      if (!store.sweep) return;
      await store.put('old', contents(100));
      const body = heldBody(BODY);
      const put = store.put('a', body);
      await within(subject, 'taking the body', Promise.race([body.asked, put]));
      const { removed } = await store.sweep({ olderThan: 0 });
      assert.equal(removed, 0, 'unfinished writes that were removed');
      body.end();
      await within(subject, 'put', put);
      await assertHolds(store, 'a', Buffer.concat(BODY));
      await assertHolds(store, 'old', contents(100));
    },
  },
  {
    name: 'keeps an object until a time, or refuses to',
    async run({ store }) {
      const retainUntil = Date.now() + 60_000;
      if (store.properties.retention !== true) {
        const put = (): Promise<unknown> => store.put('a', contents(10), { retainUntil });
        await assertProblem(put, 'invalid', 'put with a retention');
        assert.equal(await store.head('a'), undefined, 'nothing was written');
        return;
      }
      await store.put('free', contents(10));
      await store.put('a', contents(10), { retainUntil });
      assert.equal(await store.retainedUntil!('free'), undefined, 'an object without a retention');
      const told = (await store.retainedUntil!('a')) ?? 0;
      // Services keep whole seconds.
      assert.ok(told >= Math.floor(retainUntil / 1000) * 1000, `kept until ${told}`);
      assert.equal((await read(store, 'a')).byteLength, 10);
      await assertProblem(() => store.retainedUntil!('nothing'), 'missing', 'retainedUntil');
      const past = (): Promise<unknown> =>
        store.put('b', contents(10), { retainUntil: Date.now() - 60_000 });
      await assertProblem(past, 'invalid', 'put with a retention that is past');
    },
  },
];
