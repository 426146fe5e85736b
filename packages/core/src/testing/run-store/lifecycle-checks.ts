import assert from 'node:assert/strict';
import { isHoldfastError } from '../../errors/holdfast-error.ts';
import type { RunStore } from '../../store/run-store.ts';
import {
  advanced,
  COMPLETED,
  creation,
  RUNNING,
  SAMPLE_STATES,
  sampleFlow,
  sampleHook,
  sampleId,
  sampleTask,
  update,
} from '../sample-runs.ts';
import {
  commitAll,
  commitOne,
  HOLDER,
  idsOf,
  leasedFlow,
  rejectsWith,
  RIVAL,
  takeOver,
} from './check.ts';
import type { RunStoreCheck, RunStoreHarness } from './check.ts';

async function reopened(harness: RunStoreHarness): Promise<RunStore> {
  assert.ok(harness.reopen !== undefined);
  return harness.reopen();
}

/** Opening, closing, and what a reopened store still knows. */
export const lifecycleChecks: readonly RunStoreCheck[] = [
  {
    name: 'opening an open store changes nothing',
    async run({ store }) {
      const { root } = await leasedFlow(store, 1);
      await store.open();
      assert.deepEqual(await store.run(root.id), root);
    },
  },
  {
    name: 'a closed store refuses every call with STORE_CLOSED, and closes again without effect',
    async run({ store }) {
      await store.close();
      await store.close();
      const id = sampleId(1);
      const terms = { ...HOLDER, now: 1 };
      await rejectsWith('STORE_CLOSED', store.open());
      await rejectsWith('STORE_CLOSED', store.commit([creation(sampleFlow(1))], 'process'));
      await rejectsWith('STORE_CLOSED', store.run(id));
      await rejectsWith('STORE_CLOSED', store.runs({}));
      await rejectsWith('STORE_CLOSED', store.check());
      await rejectsWith('STORE_CLOSED', store.history(id));
      await rejectsWith('STORE_CLOSED', store.below(id));
      await rejectsWith('STORE_CLOSED', store.recorded(id));
      await rejectsWith('STORE_CLOSED', store.pendingHooks());
      await rejectsWith('STORE_CLOSED', store.children(id));
      await rejectsWith('STORE_CLOSED', store.openRuns());
      await rejectsWith('STORE_CLOSED', store.acquireLease({ rootId: id, ...terms }));
      await rejectsWith('STORE_CLOSED', store.renewLeases([], terms));
      await rejectsWith('STORE_CLOSED', store.releaseLeases([]));
    },
  },
  {
    name: 'closing waits for what is under way',
    async run({ store }) {
      const root = sampleFlow(1);
      const settled: string[] = [];
      const committing = store
        .commit([creation(root, { lease: HOLDER })], 'machine')
        .then((outcomes) => {
          settled.push('commit');
          return outcomes;
        });
      const reading = store.runs({});
      await store.close().then(() => settled.push('close'));
      assert.deepEqual(await committing, [{ ok: true }]);
      assert.deepEqual(settled, ['commit', 'close']);
      assert.ok((await reading).length <= 1);
    },
  },
  {
    name: 'a reopened store gives everything back as it was',
    needs: 'reopen',
    async run(harness) {
      const { store } = harness;
      const { root, fence } = await leasedFlow(store, 1, { idempotencyKey: 'k' });
      const { id: runId, rootId } = root;
      const task = sampleTask(2, root);
      const done = advanced(task, COMPLETED);
      const child = { runId, rootId, bootId: 'b', pid: 1, startTime: '1', command: 'c' };
      await commitAll(
        store,
        creation(task, { fence, hooks: [sampleHook(task)] }),
        update(done, { fence }),
        { kind: 'record', value: { runId, rootId, scope: 's', slot: 'now:0', value: 1 }, fence },
        { kind: 'child-started', child },
        { kind: 'cancel-request', rootId, reason: 'stop' },
      );
      const read = (from: RunStore): Promise<unknown[]> =>
        Promise.all([
          from.run(runId),
          from.runs({}),
          from.history(task.id),
          from.below(rootId),
          from.recorded(rootId),
          from.pendingHooks(),
          from.children(rootId),
          from.openRuns(),
        ]);
      const before = await read(store);
      const again = await reopened(harness);
      assert.deepEqual(await read(again), before);
      const taken = { ok: false, conflict: 'exists' };
      const start = sampleFlow(3, { idempotencyKey: 'k' });
      assert.deepEqual(await commitOne(again, creation(start)), { ...taken, run: root });
    },
  },
  {
    name: 'a commit under way when the store closes is there when it is reopened',
    needs: 'reopen',
    async run(harness) {
      const root = sampleFlow(1);
      const committing = harness.store.commit([creation(root, { lease: HOLDER })], 'machine');
      const again = await reopened(harness);
      assert.deepEqual(await committing, [{ ok: true }]);
      assert.deepEqual(await again.run(root.id), root);
    },
  },
  {
    name: 'leases and fences outlive a reopening',
    needs: 'reopen',
    async run(harness) {
      const held = await leasedFlow(harness.store, 1);
      const lost = await leasedFlow(harness.store, 2);
      await takeOver(harness.store, lost.root.id);
      const again = await reopened(harness);
      const { fence, root } = lost;
      assert.deepEqual(await commitOne(again, update(advanced(root, RUNNING), { fence })), {
        ok: false,
        conflict: 'fence',
      });
      await commitAll(again, update(advanced(held.root, RUNNING), { fence: held.fence }));
      const now = held.root.createdAt;
      const grant = await again.acquireLease({ rootId: held.root.id, ...RIVAL, now });
      assert.equal(grant.granted, false);
    },
  },
  {
    name: 'a sound store has nothing to complain about, whatever it holds',
    async run({ store }) {
      assert.deepEqual(await store.check(), []);
      const { root, fence } = await leasedFlow(store, 1);
      const tasks = SAMPLE_STATES.map((state, n) => sampleTask(n + 2, root, { state }));
      await commitAll(store, ...tasks.map((task) => creation(task, { fence })));
      assert.deepEqual(await store.check(), []);
    },
  },
  {
    name: 'a record that does not parse is refused by name and hides no other root',
    needs: 'damage',
    async run({ store, damage }) {
      const bad = await leasedFlow(store, 1);
      const good = await leasedFlow(store, 2);
      const task = sampleTask(3, good.root);
      await commitAll(store, creation(task, { fence: good.fence }));
      await damage?.(bad.root.id);
      const failure: unknown = await store.run(bad.root.id).catch((error: unknown) => error);
      assert.ok(isHoldfastError(failure), 'reading it rejects');
      assert.equal(failure.code, 'STORE_RECORD_CORRUPT');
      assert.ok(failure.message.includes(bad.root.id), 'the message names the run');
      assert.equal(failure.context['runId'], bad.root.id);
      assert.deepEqual(idsOf(await store.runs({ limit: 2 })), [task.id, good.root.id]);
      assert.deepEqual(await store.runs({ order: 'oldest', limit: 1 }), [good.root]);
      assert.deepEqual(
        (await store.openRuns()).map(({ run }) => run),
        [good.root],
      );
      await rejectsWith('STORE_RECORD_CORRUPT', store.runs({ rootId: bad.root.id }));
      const found = await store.check();
      assert.deepEqual(
        found.map(({ code, context }) => [code, context['runId']]),
        [['STORE_RECORD_CORRUPT', bad.root.id]],
      );
      const again = creation(sampleFlow(1), { lease: HOLDER });
      await rejectsWith('STORE_RECORD_CORRUPT', store.commit([again], 'process'));
    },
  },
  {
    name: 'a record that does not parse is never left out of what a recovery starts from',
    needs: 'damage',
    async run({ store, damage }) {
      const { root, fence } = await leasedFlow(store, 1);
      const tasks = [sampleTask(2, root), sampleTask(3, root)];
      await commitAll(store, ...tasks.map((task) => creation(task, { fence })));
      await damage?.(sampleId(2));
      await rejectsWith('STORE_RECORD_CORRUPT', store.below(root.id));
      assert.deepEqual(await store.run(root.id), root);
      assert.deepEqual(await store.run(sampleId(3)), tasks[1]);
    },
  },
];
