import assert from 'node:assert/strict';
import type { TaskRun } from '../../model/run.ts';
import type { LeaseRequest, RunStore, Write } from '../../store/run-store.ts';
import type { Fence } from '../../store/run-store.ts';
import {
  advanced,
  COMPLETED,
  creation,
  RUNNING,
  sampleFlow,
  sampleTask,
  update,
} from '../sample-runs.ts';
import { ask, claimedIds, NOW, waiting } from './claim-checks.ts';
import { commitAll, commitOne, HOLDER, leasedFlow, rejectsWith, RIVAL, takeOver } from './check.ts';
import type { RunStoreCheck } from './check.ts';

const FENCED = { ok: false, conflict: 'fence' } as const;

/** The process that holds the root. */
const OWNER = { ...HOLDER, holder: 'boot-1/300/1' };

export interface Below {
  readonly task: TaskRun;
  /** Of the root. */
  readonly root: Fence;
}

/** A task run on the queue 'q', below a root that another process holds. */
async function queuedTask(store: RunStore): Promise<Below> {
  const flow = sampleFlow(1);
  await commitAll(store, creation(flow, { lease: OWNER }));
  const root = { rootId: flow.id, epoch: 1 };
  const task = sampleTask(2, flow, { queue: 'q', state: waiting() });
  await commitAll(store, creation(task, { fence: root }));
  return { task, root };
}

/** The same, claimed by {@link HOLDER}. */
export async function claimedTask(store: RunStore): Promise<Below & { readonly fence: Fence }> {
  const below = await queuedTask(store);
  const [claim] = await ask(store);
  assert.equal(claim?.run.id, below.task.id);
  return { ...below, fence: claim.lease };
}

function recording(task: TaskRun, fence: Fence): Write {
  const { id: runId, rootId } = task;
  return { kind: 'record', value: { runId, rootId, scope: '1.1', slot: 'now:0', value: 1 }, fence };
}

/** Claims of runs below a root. */
export const claimBelowChecks: readonly RunStoreCheck[] = [
  {
    name: 'a task run with a queue is claimed with a lease of its own, beside that of its root',
    async run({ store }) {
      const { task, root } = await queuedTask(store);
      const lease = {
        rootId: task.rootId,
        runId: task.id,
        holder: HOLDER.holder,
        epoch: 1,
        expiresAt: NOW + HOLDER.ttl,
      };
      assert.deepEqual(await ask(store, { tasks: ['other'] }), []);
      assert.deepEqual(await ask(store), [{ run: task, lease }]);
      assert.deepEqual(await ask(store, RIVAL), []);
      assert.deepEqual((await store.openRuns())[0]?.lease.holder, OWNER.holder);
      assert.deepEqual(await store.renewLeases([root], { ...OWNER, now: NOW }), [
        { rootId: root.rootId, held: true },
      ]);
    },
  },
  {
    name: 'who claimed a task run writes it and what is below it, also when its root goes to another holder',
    async run({ store }) {
      const { task, fence } = await claimedTask(store);
      const begun = advanced(task, RUNNING);
      const part = sampleTask(3, task);
      await commitAll(store, update(begun, { fence }), creation(part, { fence }));
      await takeOver(store, task.rootId);
      const done = advanced(begun, COMPLETED);
      await commitAll(store, recording(task, fence), update(done, { fence }));
      assert.deepEqual(await store.run(task.id), done);
      assert.deepEqual(await store.below(task.rootId), [done, part]);
      assert.deepEqual(await ask(store, { now: NOW + 1_000_000 }), []);
    },
  },
  {
    name: 'who holds the root may write a claimed task run, and the version decides',
    async run({ store }) {
      const { task, fence, root } = await claimedTask(store);
      const cancelled = advanced(task, { type: 'CANCELLED', name: 'Cancelled', reason: 'no' });
      await commitAll(store, update(cancelled, { fence: root }));
      const late = update(advanced(task, COMPLETED), { fence });
      assert.deepEqual(await commitOne(store, late), { ok: false, conflict: 'version' });
    },
  },
  {
    name: 'who lost the claim of a task run can write nothing below its root',
    async run({ store }) {
      const { task, fence, root } = await claimedTask(store);
      const [next] = await ask(store, { ...RIVAL, now: NOW + HOLDER.ttl });
      assert.equal(next?.lease.epoch, 2);
      const begun = advanced(task, RUNNING);
      const stale = [fence, { ...fence, epoch: 3 }, { ...fence, runId: root.rootId, epoch: 1 }];
      for (const lost of stale) {
        for (const write of [
          update(begun, { fence: lost }),
          creation(sampleTask(3, task), { fence: lost }),
          recording(task, lost),
        ]) {
          assert.deepEqual(await commitOne(store, write), FENCED);
        }
      }
      await commitAll(store, update(begun, { fence: next.lease }));
      assert.deepEqual(await store.recorded(task.rootId), []);
    },
  },
  {
    name: 'the claim of a task run opens no other root',
    async run({ store }) {
      const { fence } = await claimedTask(store);
      const other = await leasedFlow(store, 5);
      const aside = { ...fence, rootId: other.root.id };
      const write = creation(sampleTask(6, other.root), { fence: aside });
      assert.deepEqual(await commitOne(store, write), FENCED);
      const unclaimed = { ...other.fence, runId: other.root.id };
      const root = update(advanced(other.root, RUNNING), { fence: unclaimed });
      assert.deepEqual(await commitOne(store, root), FENCED, 'a root is named without runId');
    },
  },
  {
    name: 'the claim of a task run is renewed and released like any lease, and told of a cancel of its root',
    async run({ store }) {
      const { task, fence } = await claimedTask(store);
      const { id: runId, rootId } = task;
      const late = NOW + HOLDER.ttl;
      await commitAll(store, { kind: 'cancel-request', rootId, reason: 'stop' });
      assert.deepEqual(await store.renewLeases([fence], { ...HOLDER, now: late }), [
        { rootId, runId, held: true, cancelReason: 'stop' },
      ]);
      assert.deepEqual(await store.renewLeases([fence], { ...RIVAL, now: late }), [
        { rootId, runId, held: false },
      ]);
      assert.deepEqual(await ask(store, { ...RIVAL, now: late }), []);
      await store.releaseLeases([fence]);
      assert.equal((await store.openRuns())[0]?.lease.holder, OWNER.holder);
      const [next] = await ask(store, RIVAL);
      assert.deepEqual([next?.lease.epoch, next?.cancelReason], [2, 'stop']);
    },
  },
  {
    name: 'a task run is told to stop by itself, the first reason stays, and its next generation is not',
    async run({ store }) {
      const { task, fence, root } = await claimedTask(store);
      const { id: runId, rootId } = task;
      const other = sampleTask(3, task, { queue: 'q', state: waiting(), key: 'other' });
      await commitAll(store, creation(other, { fence: root }));
      const asks = (reason: string, of: object = { runId }): Write => ({
        kind: 'cancel-request',
        rootId,
        reason,
        ...of,
      });
      await commitAll(store, asks('stop'), asks('later'));
      const terms = { ...HOLDER, now: NOW };
      const told = { rootId, runId, held: true, cancelReason: 'stop' };
      assert.deepEqual(await store.renewLeases([fence], terms), [told]);
      assert.deepEqual(await store.renewLeases([root], { ...OWNER, now: NOW }), [
        { rootId, held: true },
      ]);
      const [claim] = await ask(store);
      assert.deepEqual([claim?.run.id, claim?.cancelReason], [other.id, undefined]);
      const held = await store.claimed({ queues: ['q'], holder: HOLDER.holder });
      assert.deepEqual(claimedIds(held).toSorted(), [runId, other.id].toSorted());
      assert.equal(held.find(({ run }) => run.id === runId)?.cancelReason, 'stop');
      assert.deepEqual(await store.claimed({ queues: ['q'], holder: RIVAL.holder }), []);
      for (const unknown of [{ runId: root.rootId }, { runId: sampleTask(9, task).id }]) {
        const outcome = await commitOne(store, asks('no', unknown));
        assert.deepEqual(outcome, { ok: false, conflict: 'version' });
      }
      const again = { ...advanced(task, waiting()), generation: 2 };
      await commitAll(store, update(again, { fence }));
      assert.deepEqual(await store.renewLeases([fence], terms), [{ rootId, runId, held: true }]);
    },
  },
  {
    name: 'a task run that is paused is claimed once its lease has expired',
    async run({ store }) {
      const { task, fence } = await claimedTask(store);
      const paused = advanced(task, { type: 'PAUSED', name: 'Sleeping', until: NOW + 9_000_000 });
      await commitAll(store, update(paused, { fence }));
      assert.deepEqual(await ask(store, RIVAL), []);
      const claims = await ask(store, { ...RIVAL, now: NOW + HOLDER.ttl });
      assert.deepEqual(claimedIds(claims), [task.id]);
    },
  },
  {
    name: 'the lease of a task run whose holder was seen dead is granted, and of one without a queue there is none',
    async run({ store }) {
      const { task, fence, root } = await claimedTask(store);
      const plain = sampleTask(4, task);
      await commitAll(store, creation(plain, { fence: root }));
      const { rootId, id: runId } = task;
      const asked: LeaseRequest = { rootId, runId, ...RIVAL, now: NOW };
      assert.equal((await store.acquireLease(asked)).granted, false);
      const deadLease = { holder: HOLDER.holder, epoch: fence.epoch };
      const { granted, lease } = await store.acquireLease({ ...asked, deadLease });
      const expected = { rootId, runId, holder: RIVAL.holder, epoch: 2 };
      assert.deepEqual([granted, lease], [true, { ...expected, expiresAt: NOW + RIVAL.ttl }]);
      for (const wrong of [{ runId: plain.id }, { rootId: plain.id }, { runId: rootId }]) {
        await rejectsWith('RUN_UNKNOWN', store.acquireLease({ ...asked, ...wrong }));
      }
      await rejectsWith('RUN_UNKNOWN', store.acquireLease({ rootId: runId, ...RIVAL, now: NOW }));
    },
  },
  {
    name: 'claims of task runs are forgotten with their root',
    async run({ store }) {
      const { task, fence, root } = await claimedTask(store);
      const flow = await store.run(root.rootId);
      assert.ok(flow?.kind === 'flow');
      const done = advanced(task, COMPLETED);
      await commitAll(
        store,
        update(done, { fence }),
        update(advanced(flow, COMPLETED), { fence: root }),
      );
      await store.releaseLeases([root]);
      const request = { endedBefore: NOW, limit: 9, now: NOW };
      assert.equal((await store.prune(request)).runs, 2);
      assert.equal((await store.renewLeases([fence], { ...HOLDER, now: NOW }))[0]?.held, false);
      assert.deepEqual(await store.check(), []);
    },
  },
];
