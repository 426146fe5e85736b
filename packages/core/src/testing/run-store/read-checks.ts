import assert from 'node:assert/strict';
import type { RunId } from '../../model/ids.ts';
import type { Run } from '../../model/run.ts';
import { isTerminal } from '../../model/state.ts';
import type { RunQuery, RunStore } from '../../store/run-store.ts';
import {
  advanced,
  COMPLETED,
  creation,
  RUNNING,
  SAMPLE_STATES,
  SAMPLE_TIME,
  sampleFlow,
  sampleHook,
  sampleId,
  sampleSubflow,
  sampleTask,
  update,
} from '../sample-runs.ts';
import { commitAll, HOLDER, idsOf, leasedFlow } from './check.ts';
import type { RunStoreCheck } from './check.ts';

/** Two roots: one running with a task, a subflow and a task in that; one that ended. */
async function forest(store: RunStore): Promise<readonly Run[]> {
  const { root, fence } = await leasedFlow(store, 1);
  const task = sampleTask(2, root, { tags: ['prod', 'db'] });
  const subflow = sampleSubflow(3, root, { name: 'weekly' });
  const inner = sampleTask(4, subflow, { name: 'verify', state: COMPLETED, tags: ['prod'] });
  await commitAll(store, ...[task, subflow, inner].map((run) => creation(run, { fence })));
  const scheduled = { schedule: 'sundays', at: SAMPLE_TIME };
  const other = await leasedFlow(store, 5, { name: 'weekly', tags: ['old'], scheduled });
  const error = { name: 'Error', message: 'no' };
  const failed = advanced(
    other.root,
    { type: 'FAILED', name: 'Failed', error },
    { tags: ['prod'] },
  );
  await commitAll(store, update(failed, { fence: other.fence }));
  return [root, task, subflow, inner, failed];
}

/** The ids on all pages of a query, page after page; on ten at most. */
async function pagedIds(store: RunStore, query: RunQuery): Promise<RunId[]> {
  const seen: RunId[] = [];
  for (let pages = 0; pages < 10; pages++) {
    const after = seen.at(-1);
    const page = await store.runs(after === undefined ? query : { ...query, after });
    if (page.length === 0) break;
    assert.ok(page.length <= (query.limit ?? 0), 'a page is not longer than its limit');
    seen.push(...idsOf(page));
  }
  return seen;
}

/** Queries over {@link forest}, with the places in it of the runs they describe, oldest first. */
const QUERIES: readonly (readonly [RunQuery, readonly number[]])[] = [
  [{}, [0, 1, 2, 3, 4]],
  [{ kind: 'task' }, [1, 3]],
  [{ kind: 'flow' }, [0, 2, 4]],
  [{ name: 'weekly' }, [2, 4]],
  [{ name: 'week' }, []],
  [{ states: ['RUNNING'] }, [0, 1, 2]],
  [{ states: ['FAILED', 'COMPLETED'] }, [3, 4]],
  [{ states: ['RUNNING', 'FAILED', 'RUNNING', 'PAUSED'] }, [0, 1, 2, 4]],
  [{ states: [] }, []],
  [{ parentId: sampleId(1) }, [1, 2]],
  [{ parentId: sampleId(3) }, [3]],
  [{ rootId: sampleId(1) }, [0, 1, 2, 3]],
  [{ rootId: sampleId(3) }, []],
  [{ topLevel: true }, [0, 4]],
  [{ topLevel: false }, [0, 1, 2, 3, 4]],
  [{ topLevel: true, name: 'weekly', states: ['FAILED', 'CRASHED'] }, [4]],
  [{ rootId: sampleId(1), kind: 'task', states: ['RUNNING'] }, [1]],
  [{ rootId: sampleId(1), topLevel: true }, [0]],
  [{ parentId: sampleId(1), topLevel: true }, []],
  [{ key: 'key-2' }, [1]],
  [{ key: 'key-4', name: 'verify' }, [3]],
  [{ key: 'key-4', name: 'dump' }, []],
  [{ key: 'key' }, []],
  [{ tag: 'prod' }, [1, 3, 4]],
  [{ tag: 'db', kind: 'task' }, [1]],
  [{ tag: 'prod', states: ['FAILED', 'COMPLETED'] }, [3, 4]],
  [{ tag: 'prod', rootId: sampleId(1) }, [1, 3]],
  [{ stateNames: ['Running', 'Failed'] }, [0, 1, 2, 4]],
  [{ stateNames: ['TimedOut'], states: ['FAILED'] }, []],
  [{ stateNames: ['Failed'], states: ['RUNNING'] }, []],
  [{ stateNames: ['Completed', 'Failed'], states: ['FAILED', 'COMPLETED'], name: 'verify' }, [3]],
  [{ stateNames: [] }, []],
  [{ schedule: 'sundays' }, [4]],
  [{ schedule: 'sundays', name: 'nightly' }, []],
  [{ schedule: 'sunday' }, []],
  [{ createdFrom: SAMPLE_TIME + 3 }, [2, 3, 4]],
  [{ createdBefore: SAMPLE_TIME + 3 }, [0, 1]],
  [{ createdFrom: SAMPLE_TIME + 1.5, createdBefore: SAMPLE_TIME + 4.5, kind: 'task' }, [1, 3]],
  [{ createdFrom: 0, createdBefore: Number.MAX_VALUE, parentId: sampleId(1) }, [1, 2]],
  [{ createdFrom: SAMPLE_TIME + 3, states: ['RUNNING', 'FAILED'] }, [2, 4]],
  [{ createdBefore: -1 }, []],
  [{ tag: 'prod', createdBefore: SAMPLE_TIME + 5 }, [1, 3]],
  [{ tag: 'pro' }, []],
  [{ tag: 'old' }, []],
];

export const readChecks: readonly RunStoreCheck[] = [
  {
    name: 'nothing is known of an unknown id',
    async run({ store }) {
      const id = sampleId(1);
      assert.equal(await store.run(id), undefined);
      assert.deepEqual(await store.history(id), []);
      assert.deepEqual(await store.below(id), []);
      assert.deepEqual(await store.recorded(id), []);
      assert.deepEqual(await store.pendingHooks(id), []);
      assert.deepEqual(await store.children(id), []);
      assert.deepEqual(await store.runs({}), []);
      assert.deepEqual(await store.openRuns(), []);
    },
  },
  {
    name: 'below a root is every run, however deep, in the order of making, and not the root',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const subflow = sampleSubflow(9, root);
      const inner = sampleTask(5, subflow);
      const late = sampleTask(3, root, { createdAt: 1 });
      for (const run of [subflow, inner, late]) await commitAll(store, creation(run, { fence }));
      const done = advanced(subflow, COMPLETED);
      await commitAll(store, update(done, { fence }));
      await leasedFlow(store, 20);
      assert.deepEqual(await store.below(root.id), [done, inner, late]);
      assert.deepEqual(await store.below(subflow.id), [], 'a subflow is no root');
    },
  },
  {
    name: 'runs lists what the conditions describe, all of which hold',
    async run({ store }) {
      const runs = await forest(store);
      for (const [query, places] of QUERIES) {
        const expected = places.map((place) => runs[place] as Run);
        const text = JSON.stringify(query);
        assert.deepEqual(await store.runs({ ...query, order: 'oldest' }), expected, text);
        assert.deepEqual(await store.runs(query), expected.toReversed(), `${text}, newest first`);
      }
    },
  },
  {
    name: 'runs gives pages that join without gap or overlap, in either order',
    async run({ store }) {
      const ids = Array.from({ length: 23 }, (_, n) => sampleId(n));
      const { root, fence } = await leasedFlow(store, 0, { tags: ['prod'] });
      const made = ids.slice(1).toReversed();
      const states = [COMPLETED, RUNNING];
      for (const [n, id] of made.entries()) {
        const state = states[n % 2] as typeof RUNNING;
        const run = sampleTask(100 + n, root, { id, state, tags: ['prod'] });
        await commitAll(store, creation(run, { fence }));
      }
      for (const order of ['oldest', 'newest'] as const) {
        for (const query of [
          {},
          { tag: 'prod' },
          { states: ['COMPLETED', 'RUNNING'] },
        ] as RunQuery[]) {
          assert.deepEqual(
            await pagedIds(store, { ...query, order, limit: 5 }),
            order === 'oldest' ? ids : ids.toReversed(),
          );
        }
      }
      assert.deepEqual(await store.runs({ limit: 0 }), []);
    },
  },
  {
    name: 'runs gives the 100 newest unless told otherwise',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const tasks = Array.from({ length: 120 }, (_, n) => sampleTask(n + 2, root));
      await commitAll(store, ...tasks.map((task) => creation(task, { fence })));
      assert.deepEqual(idsOf(await store.runs({})), idsOf(tasks).toReversed().slice(0, 100));
      assert.equal((await store.runs({ limit: 1000 })).length, 121);
    },
  },
  {
    name: 'openRuns gives every top-level run that has not ended, oldest first, leased or not',
    async run({ store }) {
      const flows = SAMPLE_STATES.map((state, n) => sampleFlow(n + 1, { state }));
      for (const [n, flow] of flows.toReversed().entries()) {
        await commitAll(store, creation(flow, n % 2 === 0 ? { lease: HOLDER } : {}));
      }
      const leased = flows.at(-1) as (typeof flows)[number];
      const fence = { rootId: leased.id, epoch: 1 };
      await commitAll(store, creation(sampleSubflow(200, leased), { fence }));
      const open = await store.openRuns();
      const expected = flows.filter(({ state }) => !isTerminal(state));
      assert.deepEqual(
        open.map(({ run }) => run),
        expected,
      );
      for (const { run, lease } of open) assert.equal(lease.rootId, run.id);
      const holders = new Set(open.map(({ lease }) => lease.holder));
      assert.deepEqual(holders, new Set(['', HOLDER.holder]));
    },
  },
  {
    name: 'openRuns gives an ended run while hooks at or below it are pending',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const task = sampleTask(2, root);
      const hook = sampleHook(task, 'onSuccess');
      await commitAll(store, creation(task, { fence }));
      await commitAll(store, update(advanced(task, COMPLETED), { fence, hooks: [hook] }));
      await commitAll(store, update(advanced(root, COMPLETED), { fence }));
      assert.deepEqual(
        (await store.openRuns()).map(({ run }) => run.id),
        [root.id],
      );
      await commitAll(store, { kind: 'hook-delivered', id: hook.id });
      assert.deepEqual(await store.openRuns(), []);
    },
  },
];
