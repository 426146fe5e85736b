import assert from 'node:assert/strict';
import type { RunId } from '../../model/ids.ts';
import type { PruneRequest } from '../../store/shared-state.ts';
import type { FlowRun } from '../../model/run.ts';
import type { State } from '../../model/state.ts';
import type { Fence, RunStore, Write } from '../../store/run-store.ts';
import {
  advanced,
  COMPLETED,
  creation,
  SAMPLE_TIME,
  sampleHook,
  sampleTask,
  update,
} from '../sample-runs.ts';
import { commitAll, idsOf, leasedFlow } from './check.ts';
import type { RunStoreCheck } from './check.ts';

const FAILED: State = { type: 'FAILED', name: 'Failed', error: { name: 'Error', message: 'no' } };
const REQUEST: PruneRequest = {
  endedBefore: SAMPLE_TIME + 1_000_000,
  limit: 100,
  now: SAMPLE_TIME + 1_000_000,
};

/** The nth sample flow, ended so many milliseconds after the first was made, with a task below it. */
async function ended(
  store: RunStore,
  n: number,
  endedAt: number,
  { state = COMPLETED, name = 'nightly' }: { state?: State; name?: string } = {},
): Promise<{ readonly root: FlowRun; readonly fence: Fence }> {
  const { root, fence } = await leasedFlow(store, n, { name });
  const task = advanced(sampleTask(n + 100, root), COMPLETED);
  const done = advanced(root, state, { endedAt: SAMPLE_TIME + endedAt });
  await commitAll(
    store,
    creation({ ...task, version: 1 }, { fence }),
    {
      kind: 'record',
      value: { runId: root.id, rootId: root.id, scope: '1.1', slot: 'now:0', value: 1 },
      fence,
    },
    {
      kind: 'input',
      input: {
        rootId: root.id,
        runId: root.id,
        name: 'x',
        generation: 1,
        value: 1,
        at: SAMPLE_TIME,
      },
    },
    ...notesOf(root, fence),
    update(done, { fence }),
  );
  await store.releaseLeases([fence]);
  return { root: done, fence };
}

/** A line and an artifact. */
function notesOf(root: FlowRun, fence: Fence): Write[] {
  const { id: runId, rootId, generation, createdAt: at } = root;
  const body = { kind: 'markdown', markdown: '' } as const;
  return [
    {
      kind: 'log',
      entry: { runId, rootId, generation, attempt: 1, at, level: 'info', message: '' },
    },
    { kind: 'artifact', artifact: { runId, rootId, generation, key: 'a', at, body }, fence },
  ];
}

async function left(store: RunStore): Promise<RunId[]> {
  return idsOf(await store.runs({ topLevel: true, order: 'oldest' }));
}

/** The retention of history. */
export const pruneChecks: readonly RunStoreCheck[] = [
  {
    name: 'ended runs are forgotten with everything below them, the ones that ended first leading',
    async run({ store }) {
      const first = await ended(store, 1, 30);
      const second = await ended(store, 2, 10);
      const third = await ended(store, 3, 20);
      const pruned = await store.prune({ ...REQUEST, limit: 2 });
      assert.deepEqual([pruned.roots, pruned.runs], [2, 4]);
      assert.deepEqual(pruned.rootIds, [second.root.id, third.root.id]);
      assert.deepEqual(await left(store), [first.root.id]);
      for (const { root } of [second, third]) {
        assert.equal(await store.run(root.id), undefined);
        assert.deepEqual(await store.below(root.id), []);
        assert.deepEqual(await store.history(root.id), []);
        assert.deepEqual(await store.recorded(root.id), []);
        assert.deepEqual(await store.inputs(root.id), []);
        assert.deepEqual(await store.logs({ rootId: root.id }), []);
        assert.deepEqual(await store.artifacts(root.id), []);
      }
      assert.equal((await store.below(first.root.id)).length, 1);
      assert.equal((await store.logs({ rootId: first.root.id })).length, 1);
      assert.equal((await store.artifacts(first.root.id)).length, 1);
      assert.equal((await store.runs({ kind: 'task' })).length, 1);
    },
  },
  {
    name: 'only what ended before, in these states, of this flow is forgotten',
    async run({ store }) {
      const young = await ended(store, 1, 50);
      const failed = await ended(store, 2, 10, { state: FAILED });
      const other = await ended(store, 3, 10, { name: 'weekly' });
      await ended(store, 4, 49);
      const { roots } = await store.prune({
        ...REQUEST,
        endedBefore: SAMPLE_TIME + 50,
        states: ['COMPLETED', 'CANCELLED'],
        name: 'nightly',
      });
      assert.equal(roots, 1);
      assert.deepEqual(await left(store), idsOf([young.root, failed.root, other.root]));
    },
  },
  {
    name: 'what runs, is leased, or has hooks that are due at or below it is not forgotten',
    async run({ store }) {
      const open = await leasedFlow(store, 1);
      await store.releaseLeases([open.fence]);
      const leased = await leasedFlow(store, 2);
      await commitAll(store, update(advanced(leased.root, COMPLETED), { fence: leased.fence }));
      const due = await leasedFlow(store, 3);
      const task = sampleTask(4, due.root);
      const hooks = [sampleHook(task)];
      await commitAll(
        store,
        creation(task, { fence: due.fence, hooks }),
        update(advanced(due.root, COMPLETED), { fence: due.fence }),
      );
      await store.releaseLeases([due.fence]);
      const pruned = await store.prune(REQUEST);
      assert.deepEqual([pruned.roots, pruned.runs], [0, 0]);
      await commitAll(store, { kind: 'hook-delivered', id: hooks[0]?.id ?? '' });
      assert.equal((await store.prune(REQUEST)).runs, 2);
      assert.deepEqual(await left(store), idsOf([open.root, leased.root]));
    },
  },
  {
    name: 'results that expired are forgotten, and only those',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const { now } = REQUEST;
      const entry = (key: string, expiresAt?: number) => ({
        kind: 'cache' as const,
        fence,
        entry: {
          key,
          result: { inline: 1 },
          runId: root.id,
          generation: 1,
          at: SAMPLE_TIME,
          ...(expiresAt === undefined ? {} : { expiresAt }),
        },
      });
      await commitAll(store, entry('old', now - 1), entry('young', now), entry('always'));
      await store.prune(REQUEST);
      const known = await Promise.all(['old', 'young', 'always'].map((key) => store.cached(key)));
      assert.deepEqual(
        known.map((each) => each?.key),
        [undefined, 'young', 'always'],
      );
    },
  },
];
