import assert from 'node:assert/strict';
import type { TaskRun } from '../../model/run.ts';
import type { LeaseRequest, RunStore, Write } from '../../store/run-store.ts';
import type { WatchTerms } from '../../store/claims.ts';
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
import { ask, claimedIds, NOW, queued, waiting } from './claim-checks.ts';
import { commitAll, commitOne, HOLDER, leasedFlow, rejectsWith, RIVAL, takeOver } from './check.ts';
import type { RunStoreCheck } from './check.ts';

const FENCED = { ok: false, conflict: 'fence' } as const;

/** The process that holds the root. */
const OWNER = { ...HOLDER, holder: 'boot-1/300/1' };

interface Below {
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

async function claimedTask(store: RunStore): Promise<Below & { readonly fence: Fence }> {
  const below = await queuedTask(store);
  const [claim] = await ask(store);
  assert.equal(claim?.run.id, below.task.id);
  return { ...below, fence: claim.lease };
}

function recording(task: TaskRun, fence: Fence): Write {
  const { id: runId, rootId } = task;
  return { kind: 'record', value: { runId, rootId, scope: '1.1', slot: 'now:0', value: 1 }, fence };
}

const tasks: readonly RunStoreCheck[] = [
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

/** Long, for a busy machine: a watch that wakes ends it at once. */
const PATIENCE = 30_000;

/** Watches, does something, and waits until it is woken. */
async function wakesOn(
  store: RunStore,
  terms: WatchTerms,
  act: () => Promise<unknown>,
): Promise<void> {
  let wake = (): void => undefined;
  const woken = new Promise<void>((resolve) => (wake = resolve));
  const stop = await store.watch(terms, wake);
  await act();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new assert.AssertionError({ message: 'nobody was woken' })),
    PATIENCE,
  );
  try {
    await Promise.race([woken, late.promise]);
  } finally {
    clearTimeout(timer);
    stop();
  }
}

const watching: readonly RunStoreCheck[] = [
  {
    name: 'a watch wakes when a run can be claimed on its queue, also when one was given back',
    async run({ store }) {
      await wakesOn(store, { queues: ['other', 'q'] }, () => queued(store, 1));
      const claims = await ask(store);
      await wakesOn(store, { queues: ['q'] }, () =>
        store.releaseLeases(claims.map(({ lease }) => lease)),
      );
      await wakesOn(store, { queues: ['q'] }, () =>
        queued(store, 2, { state: waiting(NOW + 9_000_000) }),
      );
      assert.equal(claimedIds(await ask(store)).length, 1);
    },
  },
  {
    name: 'a watch wakes when its run ends, be it a task run',
    async run({ store }) {
      const { task, fence, root } = await claimedTask(store);
      await wakesOn(store, { runs: [task.id] }, () =>
        commitAll(store, update(advanced(task, COMPLETED), { fence })),
      );
      const flow = await store.run(root.rootId);
      assert.ok(flow?.kind === 'flow');
      await wakesOn(store, { runs: [task.id, flow.id] }, () =>
        commitAll(store, update(advanced(flow, COMPLETED), { fence: root })),
      );
    },
  },
  {
    name: 'a watch that was stopped wakes nobody',
    async run({ store }) {
      let woken = 0;
      const stop = await store.watch({ queues: ['q'] }, () => woken++);
      stop();
      stop();
      await wakesOn(store, { queues: ['q'] }, () => queued(store, 1));
      assert.equal(woken, 0);
    },
  },
];

/** Claims of runs below a root, and what wakes those who wait. */
export const claimBelowChecks: readonly RunStoreCheck[] = [...tasks, ...watching];
