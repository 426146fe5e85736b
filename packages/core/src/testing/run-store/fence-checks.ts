import assert from 'node:assert/strict';
import type { Fence, RunStore, Write, WriteOutcome } from '../../store/run-store.ts';
import type { FlowRun } from '../../model/run.ts';
import {
  advanced,
  COMPLETED,
  creation,
  RUNNING,
  sampleFlow,
  sampleHook,
  sampleId,
  sampleStep,
  sampleTask,
  update,
} from '../sample-runs.ts';
import { commitAll, commitOne, leasedFlow, takeOver } from './check.ts';
import type { RunStoreCheck } from './check.ts';

const FENCED: WriteOutcome = { ok: false, conflict: 'fence' };

/** A write of each kind that needs the lease. */
function fencedWrites(root: FlowRun, fence: Fence): Write[] {
  const { id: runId, rootId } = root;
  const next = advanced(root, RUNNING);
  const task = sampleTask(90, root);
  return [
    update(next, { fence, hooks: [sampleHook(next)] }),
    creation(task, { fence, hooks: [sampleHook(task)] }),
    { kind: 'record', value: { runId, rootId, scope: '1.1', slot: 'now:0', value: 1 }, fence },
  ];
}

async function assertFenced(store: RunStore, root: FlowRun, fence: Fence): Promise<void> {
  for (const write of fencedWrites(root, fence)) {
    assert.deepEqual(await commitOne(store, write), FENCED);
  }
  assert.deepEqual(await store.run(root.id), root);
  assert.deepEqual(await store.history(root.id), [sampleStep(root)]);
  assert.deepEqual(await store.below(root.id), []);
  assert.deepEqual(await store.recorded(root.id), []);
  assert.deepEqual(await store.pendingHooks(), []);
}

/** Promise 3: fences. */
export const fenceChecks: readonly RunStoreCheck[] = [
  {
    name: 'who lost the lease can write nothing, and the new holder can',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const taken = await takeOver(store, root.id);
      await assertFenced(store, root, fence);
      await commitAll(store, ...fencedWrites(root, taken));
    },
  },
  {
    name: 'an epoch that was not granted yet can write nothing',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      await assertFenced(store, root, { ...fence, epoch: 2 });
      await assertFenced(store, root, { ...fence, epoch: 0 });
    },
  },
  {
    name: 'who released the lease can write nothing',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      await store.releaseLeases([fence]);
      await assertFenced(store, root, fence);
    },
  },
  {
    name: 'a lease that expired and was taken by nobody still writes',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1, { createdAt: 1000 });
      await commitAll(store, ...fencedWrites(root, fence));
    },
  },
  {
    name: 'the epoch of one root opens no other',
    async run({ store }) {
      const { root } = await leasedFlow(store, 1);
      const other = await leasedFlow(store, 2);
      await takeOver(store, root.id);
      await assertFenced(store, root, { rootId: root.id, epoch: other.fence.epoch });
      await assert.rejects(
        store.commit([update(advanced(root, RUNNING), { fence: other.fence })], 'process'),
        'a fence of another root than the run has',
      );
    },
  },
  {
    name: 'a fence is told before a version or an existing run',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const task = sampleTask(2, root);
      await commitAll(store, creation(task, { fence }));
      await takeOver(store, root.id);
      const wrong = { ...update(advanced(task, COMPLETED), { fence }), expectVersion: 0 };
      assert.deepEqual(await commitOne(store, wrong), FENCED);
      assert.deepEqual(await commitOne(store, creation(task, { fence })), FENCED);
    },
  },
  {
    name: 'a write without a fence to a leased run is refused',
    async run({ store }) {
      const { root } = await leasedFlow(store, 1);
      assert.deepEqual(await commitOne(store, update(advanced(root, RUNNING))), FENCED);
      assert.deepEqual(await commitOne(store, creation(sampleTask(2, root))), FENCED);
      assert.deepEqual(await store.run(root.id), root);
      assert.deepEqual(await store.below(root.id), []);
    },
  },
  {
    name: 'a run that nobody leases is written without a fence',
    async run({ store }) {
      const due = { type: 'SCHEDULED', name: 'Scheduled', dueAt: 5 } as const;
      const root = sampleFlow(1, { state: due });
      const next = advanced(root, { ...due, dueAt: 9 });
      const task = sampleTask(2, root);
      await commitAll(store, creation(root), update(next), creation(task));
      assert.deepEqual(await store.run(root.id), next);
      assert.deepEqual(await store.below(root.id), [task]);
      assert.deepEqual(await commitOne(store, update(advanced(root, RUNNING))), {
        ok: false,
        conflict: 'version',
      });
    },
  },
  {
    name: 'a run that ended is written without a fence, even if its lease was never released',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const done = advanced(root, COMPLETED);
      await commitAll(store, update(done, { fence }));
      const due = { type: 'SCHEDULED', name: 'Scheduled', dueAt: 5 } as const;
      const again = advanced(done, due, { generation: 2 });
      await commitAll(store, update(again));
      assert.deepEqual(await store.run(root.id), again);
    },
  },
  {
    name: 'nothing is written below a root that does not exist',
    async run({ store }) {
      const orphan = sampleTask(2, sampleFlow(1));
      const fence = { rootId: sampleId(1), epoch: 1 };
      assert.deepEqual(await commitOne(store, creation(orphan)), FENCED);
      assert.deepEqual(await commitOne(store, creation(orphan, { fence })), FENCED);
      assert.equal(await store.run(orphan.id), undefined);
    },
  },
];
