import assert from 'node:assert/strict';
import type { ObjectStore } from '../../store/object-store.ts';
import { objectStoreProblem } from '../../store/object-store.ts';
import { failingBody, heldBody } from './bodies.ts';
import type { ObjectStoreCheck, ObjectStoreSubject } from './check.ts';
import {
  assertFailsWith,
  assertHolds,
  assertNothing,
  assertProblem,
  contents,
  inChunks,
  within,
} from './probes.ts';

const ABSENT = { ifAbsent: true } as const;

/** Lets writers with different contents reach the end of their bodies before any of them may finish. */
async function race(subject: ObjectStoreSubject, stores: readonly ObjectStore[]): Promise<void> {
  const sides = stores.map((store, index) => ({
    store,
    bytes: contents(70_000 + index, index + 1),
    body: heldBody([contents(70_000 + index, index + 1)]),
  }));
  const puts = sides.map(({ store, body }) => store.put('race/won', body, ABSENT));
  const settled = Promise.allSettled(puts);
  const asked = sides.map(({ body }, side) => Promise.race([body.asked, puts[side]]));
  await within(subject, 'taking the bodies', Promise.all(asked));
  for (const { body } of sides) body.end();
  const outcomes = await within(subject, 'the puts', settled);
  const winners = sides.filter((_, side) => outcomes[side]?.status === 'fulfilled');
  const told = outcomes.map(({ status, ...rest }) =>
    'reason' in rest ? String(rest.reason) : status,
  );
  assert.equal(winners.length, 1, `writers that were told they had won: ${told.join('; ')}`);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') {
      assert.equal(objectStoreProblem(outcome.reason), 'exists', String(outcome.reason));
    }
  }
  await assertHolds(subject.store, 'race/won', winners[0]!.bytes);
}

/** That `ifAbsent` is kept where it is claimed, and refused where it is not. */
export const ifAbsentChecks: readonly ObjectStoreCheck[] = [
  {
    name: 'refuses ifAbsent when the key is taken, or altogether when it cannot keep it',
    async run({ store }) {
      await store.put('taken', contents(1000));
      const problem = store.properties.ifAbsent === false ? 'invalid' : 'exists';
      await assertProblem(() => store.put('taken', contents(9), ABSENT), problem, 'put of bytes');
      await assertProblem(
        () => store.put('taken', inChunks(contents(9), 2), ABSENT),
        problem,
        'put of a stream',
      );
      await assertHolds(store, 'taken', contents(1000));
    },
  },
  {
    name: 'writes with ifAbsent when the key is free, also after a delete or a failed write',
    async run({ store }) {
      if (store.properties.ifAbsent === false) {
        await assertProblem(() => store.put('free', contents(9), ABSENT), 'invalid', 'put');
        await assertNothing(store, 'free');
        return;
      }
      const error = new Error('the dump broke');
      await assertFailsWith(() => store.put('a/b', failingBody([], error), ABSENT), error, 'put');
      const info = await store.put('a/b', inChunks(contents(5000), 999), ABSENT);
      assert.equal(info.bytes, 5000);
      await assertHolds(store, 'a/b', contents(5000));
      await store.delete('a/b');
      await store.put('a/b', contents(20, 2), ABSENT);
      await assertHolds(store, 'a/b', contents(20, 2));
    },
  },
  {
    name: 'lets exactly one of several writers with ifAbsent win',
    async run(subject) {
      const { store } = subject;
      if (store.properties.ifAbsent === true) await race(subject, [store, store, store]);
    },
  },
  {
    name: 'lets exactly one writer win between two openings of the place',
    needs: 'reopen',
    async run(subject) {
      const { store } = subject;
      if (store.properties.ifAbsent !== true) return;
      const second = await subject.reopen!();
      try {
        await race(subject, [store, second]);
      } finally {
        await second.close();
      }
    },
  },
];
