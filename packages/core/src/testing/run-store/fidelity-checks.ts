import assert from 'node:assert/strict';
import type { JsonValue } from '../../model/json.ts';
import type { Run, TaskRun } from '../../model/run.ts';
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
  sampleStep,
  sampleTask,
  update,
} from '../sample-runs.ts';
import { commitAll, commitOne, HOLDER, leasedFlow } from './check.ts';
import type { RunStoreCheck } from './check.ts';

/** JSON that is easily spoilt on its way. */
const TRICKY: readonly JsonValue[] = [
  '',
  'line\nbreak\ttab "quote" \\ / \u2028 \u0000 \u{1f4be} e\u0301',
  '\ud800 half a pair',
  0.1 + 0.2,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_VALUE,
  -Number.MAX_VALUE,
  [],
  {},
  [[[]], [null]],
  { '': 1, ' ': 2, 'a.b': 3, ключ: 4 },
  JSON.parse('{"__proto__":{"x":1},"constructor":2}') as JsonValue,
];

function completedWith(value: JsonValue): TaskRun['state'] {
  return { type: 'COMPLETED', name: 'Completed', result: { inline: value } };
}

/** Changes everything that can be reached from a value, as far as it lets itself be changed. */
function spoil(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) {
    spoil((value as Record<string, unknown>)[key]);
    try {
      (value as Record<string, unknown>)[key] = 'spoilt';
    } catch {
      // Frozen: as good as a copy.
    }
  }
}

/** Every read, so that what it gives can be compared or spoilt. */
async function readEverything(store: RunStore, root: Run, task: Run): Promise<unknown[]> {
  return Promise.all([
    store.run(task.id),
    store.runs({}),
    store.history(task.id),
    store.below(root.id),
    store.recorded(root.id),
    store.pendingHooks(),
    store.children(root.id),
    store.openRuns(),
  ]);
}

/** Promises 5 and 6: what is read is what was written, and nothing is shared. */
export const fidelityChecks: readonly RunStoreCheck[] = [
  {
    name: 'runs, history and hooks in every state are read as they were written',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1000);
      for (const [n, state] of SAMPLE_STATES.entries()) {
        const made = sampleTask(n, root);
        const run = advanced(made, state);
        const hooks = [sampleHook(run, 'onRollback')];
        await commitAll(store, creation(made, { fence }), update(run, { fence, hooks }));
        assert.deepEqual(await store.run(run.id), run, state.name);
        assert.deepEqual(await store.history(run.id), [sampleStep(made), sampleStep(run)]);
        assert.deepEqual((await store.pendingHooks()).at(-1), hooks[0]);
      }
    },
  },
  {
    name: 'a long history is read as it was written: many versions, several steps at once, or none',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1000);
      let run: Run = sampleTask(1, root);
      const steps = [sampleStep(run)];
      await commitAll(store, creation(run, { fence }));
      for (let n = 0; n < 24; n++) {
        run = advanced(run, SAMPLE_STATES[n % SAMPLE_STATES.length] as Run['state']);
        const step = sampleStep(run);
        const later = { ...step, step: 3, at: step.at + 0.5, state: RUNNING };
        const history = [
          [step],
          [],
          [step, later],
          [later],
          [{ ...step, state: { ...run.state } }],
        ];
        const write = { ...update(run, { fence }), history: history[n % 5] ?? [] };
        await commitAll(store, write);
        steps.push(...write.history);
        assert.deepEqual(await store.history(run.id), steps, `version ${run.version}`);
        assert.deepEqual(await store.run(run.id), run);
      }
    },
  },
  {
    name: 'every member of a run is read as it was written, absent ones stay absent',
    async run({ store }) {
      const flow = sampleFlow(1, {
        idempotencyKey: 'k',
        codeVersion: 'v1.2',
        definitionVersion: '2026-01',
        gitCommit: 'ab12',
        earlierVersions: [{ codeVersion: 'v1.1', gitCommit: 'ab11', until: 2.5 }, { until: 3 }],
        traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
        scheduled: { schedule: 'nightly', at: 1_767_578_400_000 },
        tags: ['prod', 'прод', ''],
        queue: 'gpu',
        rolledBackAt: 7.5,
        parentTry: '1.2',
        transaction: { id: `${sampleId(9)}/1.1/copy/verify`, within: [`${sampleId(9)}/1.1/copy`] },
        inputs: [{ database: 'orders' }],
        recoveries: 2,
        createdAt: 1_767_578_400_000.25,
        bounds: { deadline: 1_767_578_400_001, window: { opensAt: -1.5, closesAt: 1e15 } },
      });
      await commitAll(store, creation(flow, { lease: HOLDER }));
      const fence = { rootId: flow.id, epoch: 1 };
      const dependsOn = [{ runId: sampleId(8), generation: 3 }];
      const groups = ['dumps', 'große'];
      const bounds = { window: { opensAt: 0, closesAt: 1 } };
      const task = sampleTask(2, flow, { dependsOn, groups, bounds, key: '', inputHash: '' });
      const queued = sampleTask(4, flow, { queue: 'gpu', inputs: [{ table: 'orders' }, null] });
      const { startedAt: _, ...unstarted } = sampleTask(3, flow, { name: '' });
      await commitAll(store, creation(task, { fence }), creation(unstarted, { fence }));
      await commitAll(store, creation(queued, { fence }));
      assert.deepEqual(await store.runs({ order: 'oldest' }), [flow, task, unstarted, queued]);
      const moved = { ...advanced(queued, RUNNING), inputs: ['other'] };
      await commitAll(store, update(moved, { fence }));
      assert.deepEqual(await store.run(queued.id), moved);
      const { tags, queue, rolledBackAt, parentTry, transaction, ...rest } = flow;
      const next = advanced({ ...rest, tags: tags.slice(1) }, COMPLETED, { attempts: 4 });
      await commitAll(store, update(next, { fence }));
      assert.deepEqual(await store.run(flow.id), next);
      assert.ok(queue !== undefined && rolledBackAt !== undefined && parentTry !== undefined);
      assert.ok(transaction?.within.length === 1);
    },
  },
  {
    name: 'JSON is read as it was written',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1000);
      const { id: runId, rootId } = root;
      for (const [n, value] of TRICKY.entries()) {
        const flow = sampleFlow(2000 + n, { inputs: value });
        const task = sampleTask(n, root, { state: completedWith(value) });
        const recorded = { runId, rootId, scope: '1.1', slot: `uuid:${n}`, value };
        await commitAll(store, creation(flow, { lease: HOLDER }), creation(task, { fence }), {
          kind: 'record',
          value: recorded,
          fence,
        });
        assert.deepEqual(await store.run(flow.id), flow);
        assert.deepEqual(await store.run(task.id), task);
        assert.deepEqual((await store.history(task.id))[0]?.state, task.state);
        const found = (await store.recorded(rootId)).find(({ slot }) => slot === recorded.slot);
        assert.deepEqual(found, recorded);
      }
    },
  },
  {
    name: 'a large value is read as it was written',
    async run({ store }) {
      const text = 'Größe '.repeat(200_000);
      await leasedFlow(store, 1, { inputs: text });
      const run = await store.run(sampleId(1));
      assert.ok(run?.kind === 'flow' && run.inputs === text);
    },
  },
  {
    name: 'names and keys are compared to the bit',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const keys = ['é', 'e\u0301', 'E', 'e', "it's", '%', '_', '\u{1f4be}', 'a\nb', '1', '01'];
      const tasks = keys.map((key, n) => sampleTask(n + 2, root, { name: key, key }));
      await commitAll(store, ...tasks.map((task) => creation(task, { fence })));
      assert.deepEqual(await store.below(root.id), tasks);
      for (const [n, name] of keys.entries()) {
        assert.deepEqual(await store.runs({ name }), [tasks[n]]);
      }
    },
  },
  {
    name: 'text that databases spoil is kept or refused, never changed',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      for (const [n, key] of ['a\u0000b', '\ud800', '\udc00x'].entries()) {
        const task = sampleTask(n + 2, root, { key });
        const outcome = await commitOne(store, creation(task, { fence })).catch(() => undefined);
        const expected = outcome?.ok === true ? task : undefined;
        assert.deepEqual(await store.run(task.id), expected);
      }
    },
  },
  {
    name: 'changing what was given or received changes nothing in the store',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1, { inputs: { list: [1, { deep: 2 }] } });
      const { id: runId, rootId } = root;
      const state = completedWith({ rows: [1, 2] });
      const task = sampleTask(2, root, {
        state,
        tags: ['t'],
        dependsOn: [{ runId, generation: 1 }],
        bounds: { window: { opensAt: 1, closesAt: 2 } },
        transaction: { id: `${runId}/1.1/b`, within: [`${runId}/1.1/a`] },
      });
      const value = { runId, rootId, scope: '1.1', slot: 'now:0', value: { at: [1] } };
      const child = { runId, rootId, bootId: 'b', pid: 1, startTime: '1', command: 'c' };
      const given = structuredClone([
        creation(task, { fence, hooks: [sampleHook(task)] }),
        { kind: 'record' as const, value, fence },
        { kind: 'child-started' as const, child },
      ]);
      const committing = store.commit(given, 'process');
      spoil(given);
      await committing;
      assert.deepEqual(await store.run(task.id), task, 'changed before the commit resolved');
      const before = await readEverything(store, root, task);
      assert.deepEqual(before[4], [value]);
      const expected = structuredClone(before);
      spoil(before);
      assert.deepEqual(await readEverything(store, root, task), expected);
    },
  },
  {
    name: 'changing the run that a conflict gave changes nothing in the store',
    async run({ store }) {
      const { root } = await leasedFlow(store, 1, { tags: ['t'], inputs: [{ deep: 2 }] });
      spoil(await commitOne(store, creation(sampleFlow(1), { lease: HOLDER })));
      assert.deepEqual(await store.run(root.id), root);
      const request = { rootId: root.id, ...HOLDER, now: root.createdAt };
      spoil(await store.acquireLease(request));
      assert.equal((await store.openRuns())[0]?.lease.holder, HOLDER.holder);
    },
  },
];
