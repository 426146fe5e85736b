import assert from 'node:assert/strict';
import type { Run } from '../../model/run.ts';
import type { RunStore } from '../../store/run-store.ts';
import type { WriteTerms } from '../sample-runs.ts';
import {
  advanced,
  COMPLETED,
  creation,
  sampleFlow,
  sampleHook,
  sampleId,
  sampleStep,
  sampleSubflow,
  sampleTask,
  update,
} from '../sample-runs.ts';
import { commitAll, commitOne, HOLDER, leasedFlow, RIVAL } from './check.ts';
import type { RunStoreCheck } from './check.ts';

async function assertTaken(
  store: RunStore,
  by: Run,
  newcomer: Run,
  terms: WriteTerms,
): Promise<void> {
  const before = await store.history(by.id);
  const hooks = [sampleHook(newcomer)];
  const outcome = await commitOne(store, creation(newcomer, { ...terms, hooks }));
  assert.deepEqual(outcome, { ok: false, conflict: 'exists', run: by });
  assert.deepEqual(await store.run(by.id), by, 'the run that exists is as it was');
  assert.deepEqual(await store.history(by.id), before, 'and so is its history');
  if (newcomer.id !== by.id) assert.equal(await store.run(newcomer.id), undefined);
  assert.deepEqual(await store.pendingHooks(), [], 'no hook was added');
}

/** Promise 4: what is unique. */
export const identityChecks: readonly RunStoreCheck[] = [
  {
    name: 'a run id is taken once, also by a run of another kind and root',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const other = await leasedFlow(store, 2);
      const task = sampleTask(3, root);
      await commitAll(store, creation(task, { fence }));
      await assertTaken(store, task, sampleTask(3, root, { key: 'other' }), { fence });
      await assertTaken(store, task, sampleSubflow(3, other.root), { fence: other.fence });
      await assertTaken(store, root, sampleFlow(1, { name: 'other' }), { lease: RIVAL });
    },
  },
  {
    name: 'parent, name and key are taken once, whatever the kind',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const task = sampleTask(2, root, { key: 'orders' });
      await commitAll(store, creation(task, { fence }));
      await assertTaken(store, task, sampleTask(3, root, { key: 'orders' }), { fence });
      const subflow = sampleSubflow(4, root, { name: task.name, key: 'orders' });
      await assertTaken(store, task, subflow, { fence });
    },
  },
  {
    name: 'parent, name and key stay taken when the run has ended',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const task = sampleTask(2, root, { key: 'orders' });
      const done = advanced(task, COMPLETED);
      await commitAll(store, creation(task, { fence }), update(done, { fence }));
      await assertTaken(store, done, sampleTask(3, root, { key: 'orders' }), { fence });
    },
  },
  {
    name: 'another parent, name or key is another run',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const same = { name: 'ab', key: 'c' };
      const task = sampleTask(2, root, same);
      await commitAll(
        store,
        creation(task, { fence }),
        creation(sampleTask(3, root, { ...same, key: 'd' }), { fence }),
        creation(sampleTask(4, root, { ...same, name: 'a' }), { fence }),
        creation(sampleTask(5, root, { name: 'a', key: 'bc' }), { fence }),
        creation(sampleTask(6, task, same), { fence }),
        creation(sampleTask(7, root, { ...same, key: 'C' }), { fence }),
        creation(sampleTask(8, root, { ...same, key: 'c ' }), { fence }),
        creation(sampleTask(9, root, { ...same, key: '' }), { fence }),
      );
      assert.equal((await store.below(root.id)).length, 8);
    },
  },
  {
    name: 'flow name and idempotency key are taken once among top-level runs, also after the end',
    async run({ store }) {
      const key = { idempotencyKey: '2026-01-05' };
      const { root, fence } = await leasedFlow(store, 1, key);
      await assertTaken(store, root, sampleFlow(2, key), { lease: RIVAL });
      const done = advanced(root, COMPLETED);
      await commitAll(store, update(done, { fence }));
      await assertTaken(store, done, sampleFlow(3, key), {});
    },
  },
  {
    name: 'another flow name, another idempotency key and a subflow are other runs',
    async run({ store }) {
      const key = { idempotencyKey: 'k' };
      const { root, fence } = await leasedFlow(store, 1, key);
      await commitAll(
        store,
        creation(sampleFlow(2, { ...key, name: 'weekly' }), { lease: HOLDER }),
        creation(sampleFlow(3, { idempotencyKey: 'l' }), { lease: HOLDER }),
        creation(sampleFlow(4), { lease: HOLDER }),
        creation(sampleFlow(5), { lease: HOLDER }),
        creation(sampleSubflow(6, root, key), { fence }),
        creation(sampleSubflow(7, root, key), { fence }),
      );
      assert.equal((await store.runs({ topLevel: true })).length, 5);
    },
  },
  {
    name: 'a start that meets an existing run leaves its lease alone',
    async run({ store }) {
      const { root } = await leasedFlow(store, 1, { idempotencyKey: 'k' });
      const [before] = await store.openRuns();
      await assertTaken(store, root, sampleFlow(2, { idempotencyKey: 'k' }), { lease: RIVAL });
      assert.deepEqual(await store.openRuns(), [before]);
      const { rootId, epoch } = before?.lease ?? { rootId: root.id, epoch: -1 };
      assert.deepEqual([rootId, epoch], [root.id, 1]);
    },
  },
  {
    name: 'of overlapping starts with one idempotency key exactly one is made',
    async run({ store }) {
      const flows = Array.from({ length: 8 }, (_, n) => sampleFlow(n, { idempotencyKey: 'k' }));
      const outcomes = await Promise.all(
        flows.map((flow) => commitOne(store, creation(flow, { lease: HOLDER }))),
      );
      const winners = flows.filter((_, n) => outcomes[n]?.ok === true);
      assert.equal(winners.length, 1);
      for (const outcome of outcomes) {
        if (!outcome.ok) {
          assert.deepEqual(outcome, { ok: false, conflict: 'exists', run: winners[0] });
        }
      }
      assert.deepEqual(await store.runs({}), winners);
    },
  },
  {
    name: 'an update that would change the identity is a version conflict',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const task = sampleTask(2, root);
      await commitAll(store, creation(task, { fence }));
      for (const change of [{ key: 'x' }, { name: 'x' }, { parentId: sampleId(7) }]) {
        const outcome = await commitOne(
          store,
          update(advanced(task, COMPLETED, change), { fence }),
        );
        assert.deepEqual(outcome, { ok: false, conflict: 'version' });
      }
      assert.deepEqual(await store.run(task.id), task);
      assert.deepEqual(await store.history(task.id), [sampleStep(task)]);
    },
  },
];
