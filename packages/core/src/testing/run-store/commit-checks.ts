import assert from 'node:assert/strict';
import type { Run } from '../../model/run.ts';
import type { RunStore, Write, WriteOutcome } from '../../store/run-store.ts';
import {
  advanced,
  COMPLETED,
  creation,
  RUNNING,
  sampleFlow,
  sampleHook,
  sampleStep,
  sampleTask,
  update,
} from '../sample-runs.ts';
import { commitAll, commitOne, HOLDER, leasedFlow } from './check.ts';
import type { RunStoreCheck } from './check.ts';

const APPLIED: WriteOutcome = { ok: true };
const VERSION: WriteOutcome = { ok: false, conflict: 'version' };

async function assertUntouched(store: RunStore, run: Run): Promise<void> {
  assert.deepEqual(await store.run(run.id), run, 'the record is as it was');
  assert.deepEqual(await store.history(run.id), [sampleStep(run)], 'no history was added');
  assert.deepEqual(await store.pendingHooks(run.rootId), [], 'no hook was added');
}

/** Promises 1 and 3: batches and versions. */
export const commitChecks: readonly RunStoreCheck[] = [
  {
    name: 'a later write of a batch sees the earlier ones, and outcomes stand in order',
    async run({ store }) {
      const root = sampleFlow(1);
      const fence = { rootId: root.id, epoch: 1 };
      const task = sampleTask(2, root);
      const done = advanced(task, COMPLETED);
      const outcomes = await store.commit(
        [
          creation(root, { lease: HOLDER }),
          creation(task, { fence }),
          creation(sampleTask(3, root, { key: task.key }), { fence }),
          update(done, { fence }),
          update(done, { fence }),
        ],
        'process',
      );
      assert.deepEqual(outcomes, [
        APPLIED,
        APPLIED,
        { ok: false, conflict: 'exists', run: task },
        APPLIED,
        VERSION,
      ]);
      assert.deepEqual(await store.run(task.id), done);
      assert.deepEqual(await store.history(task.id), [sampleStep(task), sampleStep(done)]);
    },
  },
  {
    name: 'a conflict keeps no other write of the batch from being applied',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const before = sampleTask(2, root);
      const after = sampleTask(3, root);
      const missing = advanced(sampleTask(4, root), COMPLETED);
      const outcomes = await store.commit(
        [creation(before, { fence }), update(missing, { fence }), creation(after, { fence })],
        'process',
      );
      assert.deepEqual(outcomes, [APPLIED, VERSION, APPLIED]);
      assert.deepEqual(await store.below(root.id), [before, after]);
    },
  },
  {
    name: 'a batch that is said to come is applied by its commit alone, once',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const [other, said] = [sampleTask(2, root), sampleTask(3, root)];
      const batch = [creation(said, { fence })];
      store.prepare?.(batch);
      assert.equal(await store.run(said.id), undefined, 'nothing is applied before the commit');
      await commitAll(store, creation(other, { fence }));
      assert.deepEqual(await store.below(root.id), [other], 'another batch is applied as given');
      store.prepare?.(batch);
      assert.deepEqual(await store.commit(batch, 'machine'), [APPLIED]);
      assert.deepEqual(await store.below(root.id), [other, said]);
      const exists = { ok: false, conflict: 'exists', run: said };
      assert.deepEqual(await store.commit(batch, 'process'), [exists], 'and is committed anew');
      const worse = { ...update(advanced(said, COMPLETED), { fence }), expectVersion: 7 };
      const refused = [creation(sampleTask(4, root), { fence }), worse];
      store.prepare?.(refused);
      await assert.rejects(store.commit(refused, 'process'), 'its commit tells what is wrong');
      assert.deepEqual(await store.below(root.id), [other, said]);
    },
  },
  {
    name: 'an empty batch is applied',
    async run({ store }) {
      assert.deepEqual(await store.commit([], 'machine'), []);
    },
  },
  {
    name: 'a batch that throws applies nothing',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const task = sampleTask(2, root);
      const { id: runId, rootId } = root;
      const child = { runId, rootId, bootId: 'b', pid: 1, startTime: '1', command: 'pg_dump' };
      const batch: Write[] = [
        creation(task, { fence, hooks: [sampleHook(task)] }),
        { kind: 'record', value: { runId, rootId, scope: '1.1', slot: 'now:0', value: 1 }, fence },
        { kind: 'child-started', child },
        { kind: 'cancel-request', rootId, reason: 'no' },
        { ...update(advanced(root, COMPLETED), { fence }), expectVersion: 7 },
      ];
      await assert.rejects(store.commit(batch, 'process'), 'a version must grow');
      await assertUntouched(store, root);
      assert.deepEqual(await store.below(rootId), [], 'no run');
      assert.deepEqual(await store.recorded(rootId), [], 'no recorded value');
      assert.deepEqual(await store.children(rootId), [], 'no child');
      assert.equal((await store.openRuns())[0]?.cancelReason, undefined, 'no request to cancel');
      assert.deepEqual(await commitOne(store, creation(task, { fence })), APPLIED, 'no identity');
    },
  },
  {
    name: 'what would not come back as it was is refused, with the whole batch',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const good = sampleTask(2, root);
      for (const value of [Number.NaN, Infinity, new Date(0), new Map(), 1n, () => 1, undefined]) {
        const result = { inline: value as never };
        const state = { type: 'COMPLETED', name: 'Completed', result } as const;
        const bad = sampleTask(3, root, { state });
        const batch = [creation(good, { fence }), creation(bad, { fence })];
        await assert.rejects(store.commit(batch, 'process'), `refuses a ${typeof value}`);
      }
      assert.deepEqual(await store.below(root.id), []);
    },
  },
  {
    name: 'an update of another version than the expected one is a version conflict and changes nothing',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const done = advanced(root, COMPLETED, { version: 9 });
      const hooks = [sampleHook(done, 'onSuccess')];
      for (const expectVersion of [2, 8]) {
        const write = { ...update(done, { fence, hooks }), expectVersion };
        assert.deepEqual(await commitOne(store, write), VERSION);
      }
      await assertUntouched(store, root);
    },
  },
  {
    name: 'an update of a run that is missing is a version conflict',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const missing = advanced(sampleTask(2, root), COMPLETED);
      const hooks = [sampleHook(missing)];
      assert.deepEqual(await commitOne(store, update(missing, { fence, hooks })), VERSION);
      assert.equal(await store.run(missing.id), undefined);
      assert.deepEqual(await store.history(missing.id), []);
      assert.deepEqual(await store.pendingHooks(root.id), []);
    },
  },
  {
    name: 'a version may skip numbers: the next write names the one that was written',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const leap = advanced(root, RUNNING, { version: 5 });
      const done = advanced(leap, COMPLETED);
      await commitAll(
        store,
        { ...update(leap, { fence }), expectVersion: 1 },
        update(done, { fence }),
      );
      assert.deepEqual(await store.run(root.id), done);
    },
  },
  {
    name: 'a write without history changes the record, and leaves its history as it was',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const made = sampleTask(2, root);
      const done = advanced(made, COMPLETED);
      const undone = { ...done, version: done.version + 1, rolledBackAt: 7 };
      const hooks = [sampleHook(done, 'onRollback')];
      await commitAll(store, creation(made, { fence }), update(done, { fence, hooks }), {
        ...update(undone, { fence }),
        history: [],
      });
      assert.deepEqual(await store.run(done.id), undone);
      assert.deepEqual(await store.history(done.id), [sampleStep(made), sampleStep(done)]);
      assert.deepEqual(await store.pendingHooks(root.id), hooks);
    },
  },
  {
    name: 'of overlapping updates that expect one version exactly one is applied',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const rivals = Array.from({ length: 8 }, (_, n) =>
        advanced(root, RUNNING, { attempts: n + 2 }),
      );
      const outcomes = await Promise.all(
        rivals.map((run) => commitOne(store, update(run, { fence }))),
      );
      const winners = rivals.filter((_, n) => outcomes[n]?.ok === true);
      assert.equal(winners.length, 1);
      assert.deepEqual(await store.run(root.id), winners[0]);
      assert.equal((await store.history(root.id)).length, 2);
    },
  },
  {
    name: 'overlapping commits are applied in the order of the calls',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const steps: Run[] = [];
      let last: Run = root;
      for (let n = 0; n < 40; n++) steps.push((last = advanced(last, RUNNING)));
      const durabilities = ['process', 'machine'] as const;
      const outcomes = await Promise.all(
        steps.map((run, n) =>
          store.commit([update(run, { fence })], durabilities[n % 2] as 'process'),
        ),
      );
      assert.deepEqual(
        outcomes.flat(),
        steps.map(() => APPLIED),
      );
      assert.deepEqual(await store.run(root.id), last);
    },
  },
  {
    name: 'what was acknowledged is read at once',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const task = sampleTask(2, root);
      await commitAll(store, creation(task, { fence, hooks: [sampleHook(task)] }));
      const [run, history, hooks] = await Promise.all([
        store.run(task.id),
        store.history(task.id),
        store.pendingHooks(),
      ]);
      assert.deepEqual([run, history, hooks], [task, [sampleStep(task)], [sampleHook(task)]]);
    },
  },
];
