import assert from 'node:assert/strict';
import type { ChildRecord, RecordedValue } from '../../model/run.ts';
import type { Write } from '../../store/run-store.ts';
import {
  advanced,
  COMPLETED,
  creation,
  sampleHook,
  sampleStep,
  sampleTask,
  update,
} from '../sample-runs.ts';
import { commitAll, commitOne, leasedFlow } from './check.ts';
import type { RunStoreCheck } from './check.ts';

/** Sorts values that have no order of their own. */
function sorted<T>(values: readonly T[]): T[] {
  return values.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** What is kept beside the runs: history, hooks, recorded values, child processes. */
export const besideRunsChecks: readonly RunStoreCheck[] = [
  {
    name: 'history is kept over all generations, oldest first',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const task = sampleTask(2, root);
      const steps = [0, 1, 2].map((step) => ({ ...sampleStep(task), step, at: 9 - step }));
      const done = advanced(task, COMPLETED, { version: 10 });
      const again = advanced(done, task.state, { generation: 2, version: 11 });
      await commitAll(
        store,
        { ...creation(task, { fence }), history: steps },
        { ...update(done, { fence }), expectVersion: 1 },
        update(again, { fence }),
      );
      const expected = [...steps, sampleStep(done), sampleStep(again)];
      assert.deepEqual(await store.history(task.id), expected);
    },
  },
  {
    name: 'pending hooks are given oldest first, by root and over all',
    async run({ store }) {
      const first = await leasedFlow(store, 2);
      const second = await leasedFlow(store, 1);
      const task = sampleTask(3, first.root);
      const subject = advanced(first.root, COMPLETED);
      const a = { ...sampleHook(task, 'onStart'), id: 'z' };
      const b = { ...sampleHook(subject, 'onSuccess'), id: 'y' };
      const c = { ...sampleHook(task, 'onRetry'), id: 'x' };
      const other = sampleTask(4, second.root);
      const d = { ...sampleHook(other, 'onStart'), id: 'w' };
      await commitAll(store, creation(task, { fence: first.fence, hooks: [a] }));
      await commitAll(store, creation(other, { fence: second.fence, hooks: [d] }));
      const done = advanced(task, COMPLETED);
      await commitAll(
        store,
        update(subject, { fence: first.fence, hooks: [b] }),
        update(done, { fence: first.fence, hooks: [c] }),
      );
      assert.deepEqual(await store.pendingHooks(first.root.id), [a, b, c]);
      assert.deepEqual(await store.pendingHooks(second.root.id), [d]);
      assert.deepEqual(await store.pendingHooks(), [a, d, b, c]);
      assert.deepEqual(await store.pendingHooks(task.id), []);
    },
  },
  {
    name: 'a delivered hook is gone for good, and an unknown one is ignored',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const done = advanced(root, COMPLETED);
      const hooks = [sampleHook(done, 'onSuccess'), sampleHook(done, 'onStart')];
      await commitAll(store, update(done, { fence, hooks }));
      await store.releaseLeases([fence]);
      const id = hooks[0]?.id ?? '';
      await commitAll(store, { kind: 'hook-delivered', id });
      assert.deepEqual(await store.pendingHooks(), [hooks[1]]);
      await commitAll(store, { kind: 'hook-delivered', id }, { kind: 'hook-delivered', id: '?' });
      assert.deepEqual(await store.pendingHooks(root.id), [hooks[1]]);
    },
  },
  {
    name: 'at most 1,000 pending hooks are given over all roots, the oldest',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const done = advanced(root, COMPLETED);
      const hooks = Array.from({ length: 1001 }, (_, n) => ({
        ...sampleHook(done),
        id: `hook-${n}`,
      }));
      await commitAll(store, update(done, { fence, hooks }));
      const ids = (given: typeof hooks): string => given.map(({ id }) => id).join();
      assert.equal(ids([...(await store.pendingHooks())]), ids(hooks.slice(0, 1000)));
      assert.equal(ids([...(await store.pendingHooks(root.id))]), ids(hooks));
    },
  },
  {
    name: 'the first value recorded for a run, scope and slot stays',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const first: RecordedValue = {
        runId: root.id,
        rootId: root.id,
        scope: '1.1',
        slot: 'now:0',
        value: { at: 1 },
      };
      const values = [
        first,
        { ...first, slot: 'now:1', value: null },
        { ...first, scope: '1.2', value: 'x' },
        { ...first, runId: sampleTask(2, root).id, value: [0.1] },
        { ...first, scope: '1.1n', slot: 'ow:0', value: false },
      ];
      const record = (value: RecordedValue): Write => ({ kind: 'record', value, fence });
      await commitAll(store, ...values.map(record));
      assert.deepEqual(await commitOne(store, record({ ...first, value: 2 })), { ok: true });
      assert.deepEqual(sorted(await store.recorded(root.id)), sorted(values));
    },
  },
  {
    name: 'children are given until they end; start time and boot tell equal pids apart',
    async run({ store }) {
      const { root } = await leasedFlow(store, 1);
      const child: ChildRecord = {
        runId: root.id,
        rootId: root.id,
        bootId: 'boot-1',
        pid: 100,
        startTime: '5000',
        command: 'pg_dump',
      };
      const children = [
        child,
        { ...child, startTime: '6000' },
        { ...child, bootId: 'boot-2' },
        { ...child, pid: 101, command: '' },
      ];
      const started = children.map((each): Write => ({ kind: 'child-started', child: each }));
      await commitAll(store, ...started, { kind: 'child-started', child });
      assert.deepEqual(sorted(await store.children(root.id)), sorted(children));
      await commitAll(
        store,
        { kind: 'child-ended', child },
        { kind: 'child-ended', child },
        { kind: 'child-ended', child: { ...child, pid: 7 } },
      );
      assert.deepEqual(sorted(await store.children(root.id)), sorted(children.slice(1)));
    },
  },
  {
    name: 'what belongs to one root is not given for another',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const other = await leasedFlow(store, 2);
      const { id: runId, rootId } = root;
      const task = sampleTask(3, root);
      await commitAll(
        store,
        creation(task, { fence, hooks: [sampleHook(task)] }),
        { kind: 'record', value: { runId, rootId, scope: 's', slot: 'now:0', value: 1 }, fence },
        {
          kind: 'child-started',
          child: { runId, rootId, bootId: 'b', pid: 1, startTime: '1', command: 'c' },
        },
      );
      const id = other.root.id;
      assert.deepEqual(await store.below(id), []);
      assert.deepEqual(await store.recorded(id), []);
      assert.deepEqual(await store.children(id), []);
      assert.deepEqual(await store.pendingHooks(id), []);
    },
  },
];
