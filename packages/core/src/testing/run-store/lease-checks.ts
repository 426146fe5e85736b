import assert from 'node:assert/strict';
import type { RunId } from '../../model/ids.ts';
import type { LeaseRequest, RunStore } from '../../store/run-store.ts';
import { SAMPLE_STATES } from '../sample-runs.ts';
import {
  advanced,
  creation,
  RUNNING,
  sampleFlow,
  sampleId,
  sampleSubflow,
  sampleTask,
  SAMPLE_TIME,
  update,
} from '../sample-runs.ts';
import { isTerminal } from '../../model/state.ts';
import { commitAll, HOLDER, leasedFlow, rejectsWith, RIVAL } from './check.ts';
import type { RunStoreCheck } from './check.ts';

/** Within the first lease of a sample run. */
const EARLY = SAMPLE_TIME + 1000;
/** After it. */
const LATE = SAMPLE_TIME + HOLDER.ttl + 1000;

function ask(rootId: RunId, differences: Partial<LeaseRequest> = {}): LeaseRequest {
  return { rootId, ...RIVAL, now: EARLY, ...differences };
}

/** The lease of the only open run. */
async function leaseIn(store: RunStore): Promise<unknown> {
  const [open] = await store.openRuns();
  return open?.lease;
}

const taking: readonly RunStoreCheck[] = [
  {
    name: 'a run made with a lease has it at epoch 1, from its making on',
    async run({ store }) {
      const { root } = await leasedFlow(store, 1);
      assert.deepEqual(await leaseIn(store), {
        rootId: root.id,
        holder: HOLDER.holder,
        epoch: 1,
        expiresAt: root.createdAt + HOLDER.ttl,
      });
    },
  },
  {
    name: 'a run made without a lease can be leased at once, at epoch 1',
    async run({ store }) {
      const root = sampleFlow(1);
      await commitAll(store, creation(root));
      const lease = {
        rootId: root.id,
        holder: RIVAL.holder,
        epoch: 1,
        expiresAt: EARLY + RIVAL.ttl,
      };
      assert.deepEqual(await store.acquireLease(ask(root.id)), { granted: true, lease });
      assert.deepEqual(await leaseIn(store), lease);
    },
  },
  {
    name: 'a lease in force is granted to nobody, its own holder included',
    async run({ store }) {
      const { root } = await leasedFlow(store, 1);
      const before = await leaseIn(store);
      for (const holder of [RIVAL.holder, HOLDER.holder]) {
        const grant = await store.acquireLease(ask(root.id, { holder }));
        assert.deepEqual(grant, { granted: false, lease: before });
      }
      assert.deepEqual(await leaseIn(store), before);
    },
  },
  {
    name: 'a lease ends at the millisecond at which it expires, and taking it raises the epoch',
    async run({ store }) {
      const { root } = await leasedFlow(store, 1);
      const expiresAt = root.createdAt + HOLDER.ttl;
      const early = await store.acquireLease(ask(root.id, { now: expiresAt - 1 }));
      assert.equal(early.granted, false);
      const lease = {
        rootId: root.id,
        holder: RIVAL.holder,
        epoch: 2,
        expiresAt: expiresAt + RIVAL.ttl,
      };
      const grant = await store.acquireLease(ask(root.id, { now: expiresAt }));
      assert.deepEqual(grant, { granted: true, lease });
      assert.deepEqual(await leaseIn(store), lease);
    },
  },
  {
    name: 'the lease of a dead holder is granted if it is exactly the one that was seen',
    async run({ store }) {
      const { root } = await leasedFlow(store, 1);
      const seen = { holder: HOLDER.holder, epoch: 1 };
      for (const deadLease of [
        { ...seen, epoch: 2 },
        { ...seen, holder: 'another' },
      ]) {
        assert.equal((await store.acquireLease(ask(root.id, { deadLease }))).granted, false);
      }
      const { granted, lease } = await store.acquireLease(ask(root.id, { deadLease: seen }));
      assert.deepEqual([granted, lease.epoch, lease.holder], [true, 2, RIVAL.holder]);
      assert.equal(
        (await store.acquireLease(ask(root.id, { deadLease: seen }))).granted,
        false,
        'a second one who saw the same comes too late',
      );
    },
  },
  {
    name: 'a released lease is free at once, and its epoch is never granted again',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      await store.releaseLeases([fence]);
      const [open] = await store.openRuns();
      assert.deepEqual([open?.lease.holder, open?.lease.epoch], ['', 1]);
      const { granted, lease } = await store.acquireLease(ask(root.id, { holder: HOLDER.holder }));
      assert.deepEqual([granted, lease.epoch], [true, 2]);
    },
  },
  {
    name: 'of overlapping requests exactly one is granted',
    async run({ store }) {
      const { root } = await leasedFlow(store, 1);
      const grants = await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          store.acquireLease(ask(root.id, { holder: `rival-${n}`, now: LATE })),
        ),
      );
      const granted = grants.filter((grant) => grant.granted);
      assert.equal(granted.length, 1);
      for (const { lease } of grants) assert.deepEqual(lease, granted[0]?.lease);
    },
  },
  {
    name: 'a lease is granted on a run that ended, as on any: its hooks may be due',
    async run({ store }) {
      const ended = SAMPLE_STATES.filter(isTerminal);
      for (const [n, state] of ended.entries()) {
        const { root, fence } = await leasedFlow(store, n + 1);
        await commitAll(store, update(advanced(root, state), { fence }));
        await store.releaseLeases([fence]);
        const grant = await store.acquireLease(ask(root.id, { now: LATE }));
        assert.deepEqual([grant.granted, grant.lease.epoch], [true, 2], state.name);
      }
    },
  },
  {
    name: 'there is no lease of a run that is unknown or has a parent',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const task = sampleTask(2, root);
      const subflow = sampleSubflow(3, root);
      await commitAll(store, creation(task, { fence }), creation(subflow, { fence }));
      for (const id of [task.id, subflow.id, sampleId(9)]) {
        await rejectsWith('RUN_UNKNOWN', store.acquireLease(ask(id, { now: LATE })));
      }
    },
  },
];

const keeping: readonly RunStoreCheck[] = [
  {
    name: 'a renewal moves the expiry and nothing else, also after it passed',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      for (const now of [EARLY, LATE + 1_000_000]) {
        const renewals = await store.renewLeases([fence], { ...HOLDER, now });
        assert.deepEqual(renewals, [{ rootId: root.id, held: true }]);
        const expiresAt = now + HOLDER.ttl;
        assert.deepEqual(await leaseIn(store), {
          rootId: root.id,
          holder: HOLDER.holder,
          epoch: 1,
          expiresAt,
        });
      }
      assert.deepEqual(await store.run(root.id), root);
    },
  },
  {
    name: 'a lease that was taken over or released is not renewed',
    async run({ store }) {
      const taken = await leasedFlow(store, 1);
      await store.acquireLease(ask(taken.root.id, { now: LATE }));
      const released = await leasedFlow(store, 2);
      await store.releaseLeases([released.fence]);
      const before = await store.openRuns();
      const fences = [taken.fence, released.fence];
      assert.deepEqual(
        await store.renewLeases(fences, { ...HOLDER, now: LATE }),
        fences.map(({ rootId }) => ({ rootId, held: false })),
      );
      assert.deepEqual(await store.openRuns(), before);
    },
  },
  {
    name: 'a renewal answers for each lease asked for, in order',
    async run({ store }) {
      const first = await leasedFlow(store, 1);
      const second = await leasedFlow(store, 2);
      const unknown = { rootId: sampleId(9), epoch: 1 };
      const stale = { rootId: first.root.id, epoch: 7 };
      const renewals = await store.renewLeases([second.fence, unknown, stale, first.fence], {
        ...HOLDER,
        now: EARLY,
      });
      assert.deepEqual(renewals, [
        { rootId: second.root.id, held: true },
        { rootId: unknown.rootId, held: false },
        { rootId: first.root.id, held: false },
        { rootId: first.root.id, held: true },
      ]);
      assert.deepEqual(await store.renewLeases([], { ...HOLDER, now: EARLY }), []);
    },
  },
  {
    name: 'an epoch under another holder is not renewed',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      assert.deepEqual(await store.renewLeases([fence], { ...RIVAL, now: EARLY }), [
        { rootId: root.id, held: false },
      ]);
    },
  },
  {
    name: 'who lost a lease cannot release it',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      await store.acquireLease(ask(root.id, { now: LATE }));
      const before = await leaseIn(store);
      await store.releaseLeases([fence, { rootId: sampleId(9), epoch: 1 }]);
      assert.deepEqual(await leaseIn(store), before);
    },
  },
];

const cancelling: readonly RunStoreCheck[] = [
  {
    name: 'a request to cancel needs no lease, changes no version, and the first reason stays',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const rootId = root.id;
      await commitAll(store, { kind: 'cancel-request', rootId, reason: 'first' });
      await commitAll(store, { kind: 'cancel-request', rootId, reason: 'second' });
      assert.deepEqual(await store.renewLeases([fence], { ...HOLDER, now: EARLY }), [
        { rootId, held: true, cancelReason: 'first' },
      ]);
      assert.equal((await store.openRuns())[0]?.cancelReason, 'first');
      assert.deepEqual(await store.run(rootId), root);
      assert.equal((await store.history(rootId)).length, 1);
    },
  },
  {
    name: 'a request to cancel a run that is unknown is a version conflict',
    async run({ store }) {
      const [outcome] = await store.commit(
        [{ kind: 'cancel-request', rootId: sampleId(1), reason: 'no' }],
        'process',
      );
      assert.deepEqual(outcome, { ok: false, conflict: 'version' });
    },
  },
  {
    name: 'a request to cancel outlives a change of holder, but not of the generation',
    async run({ store }) {
      const { root } = await leasedFlow(store, 1);
      await commitAll(store, { kind: 'cancel-request', rootId: root.id, reason: 'stop' });
      const { lease } = await store.acquireLease(ask(root.id, { now: LATE }));
      const fence = { rootId: root.id, epoch: lease.epoch };
      const cancelled = advanced(root, { type: 'CANCELLED', name: 'Cancelled', reason: 'stop' });
      await commitAll(store, update(cancelled, { fence }));
      const renewed = await store.renewLeases([fence], { ...RIVAL, now: LATE });
      assert.equal(renewed[0]?.cancelReason, 'stop');
      const again = advanced(cancelled, RUNNING, { generation: 2 });
      await commitAll(store, update(again, { fence }));
      const [open] = await store.openRuns();
      assert.equal(open?.cancelReason, undefined);
    },
  },
];

/** Leases, and requests to cancel. */
export const leaseChecks: readonly RunStoreCheck[] = [...taking, ...keeping, ...cancelling];
