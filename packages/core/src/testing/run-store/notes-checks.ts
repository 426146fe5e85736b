import assert from 'node:assert/strict';
import type { RunArtifact } from '../../model/artifact.ts';
import { LOG_LEVELS, type LogEntry } from '../../model/log-entry.ts';
import type { Run } from '../../model/run.ts';
import type { Write } from '../../store/run-store.ts';
import type { StoredLogEntry } from '../../store/run-notes.ts';
import { creation, sampleFlow, sampleTask } from '../sample-runs.ts';
import { commitAll, commitOne, leasedFlow, takeOver } from './check.ts';
import type { RunStoreCheck } from './check.ts';

function line(run: Run, message: string, differences: Partial<LogEntry> = {}): LogEntry {
  const { id: runId, rootId, generation, createdAt: at } = run;
  return { runId, rootId, generation, attempt: 1, at, level: 'info', message, ...differences };
}

function logged(...entries: readonly LogEntry[]): Write[] {
  return entries.map((entry) => ({ kind: 'log', entry }));
}

function withoutPosition(lines: readonly StoredLogEntry[]): LogEntry[] {
  return lines.map(({ position: _position, ...entry }) => entry);
}

function artifact(run: Run, key: string, differences: Partial<RunArtifact> = {}): RunArtifact {
  const { id: runId, rootId, generation, createdAt: at } = run;
  const body = { kind: 'markdown', markdown: '# done' } as const;
  return { runId, rootId, generation, key, at, body, ...differences };
}

/** What runs leave for people: lines and artifacts. */
export const notesChecks: readonly RunStoreCheck[] = [
  {
    name: 'lines are given as they were logged, in the order of their commits',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const task = sampleTask(2, root);
      const fields = { rows: 12, nested: { list: [null, 'x\u{1f4be}'] } };
      const entries = [
        line(task, 'second by the clock', { at: root.createdAt + 9, fields }),
        line(root, 'first by the clock', { attempt: 0, generation: 2, level: 'fatal' }),
        line(task, '', { level: 'trace' }),
      ];
      await commitAll(store, creation(task, { fence }), ...logged(...entries));
      await commitAll(store, ...logged(line(root, 'last')));
      const read = await store.logs({ rootId: root.id });
      assert.deepEqual(withoutPosition(read), [...entries, line(root, 'last')]);
      const positions = read.map(({ position }) => position);
      assert.deepEqual(
        positions,
        [...new Set(positions)].toSorted((a, b) => a - b),
      );
    },
  },
  {
    name: 'lines are read by run, by level, and page by page',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const task = sampleTask(2, root);
      const ofRoot = LOG_LEVELS.map((level) => line(root, level, { level }));
      await commitAll(store, creation(task, { fence }), ...logged(...ofRoot, line(task, 'task')));
      const texts = async (query: object): Promise<string[]> =>
        (await store.logs({ rootId: root.id, ...query })).map(({ message }) => message);
      assert.deepEqual(await texts({ runId: task.id }), ['task']);
      assert.deepEqual(await texts({ level: 'warn' }), ['warn', 'error', 'fatal']);
      assert.deepEqual(await texts({ level: 'error', runId: task.id }), []);
      const page = await store.logs({ rootId: root.id, limit: 2 });
      assert.deepEqual(withoutPosition(page), ofRoot.slice(0, 2));
      const after = page[1]?.position ?? 0;
      assert.deepEqual(await texts({ after, limit: 3 }), ['info', 'warn', 'error']);
    },
  },
  {
    name: 'a line needs no lease, and one of an unknown root is ignored',
    async run({ store }) {
      const { root } = await leasedFlow(store, 1);
      await takeOver(store, root.id);
      const unknown = sampleFlow(7);
      await commitAll(store, ...logged(line(root, 'late'), line(unknown, 'lost')));
      assert.deepEqual(withoutPosition(await store.logs({ rootId: root.id })), [
        line(root, 'late'),
      ]);
      assert.deepEqual(await store.logs({ rootId: unknown.id }), []);
    },
  },
  {
    name: 'an artifact replaces the one of its run and key, and keeps its place',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const other = await leasedFlow(store, 2);
      const put = (given: RunArtifact): Write => ({ kind: 'artifact', artifact: given, fence });
      const table = {
        kind: 'table',
        columns: ['name', 'rows'],
        rows: [['orders', 3]],
      } as const;
      const first = artifact(root, 'a', { description: 'what was done', body: table });
      const ofTask = { ...artifact(root, 'a'), runId: sampleTask(3, root).id };
      await commitAll(store, put(first), put(artifact(root, 'b')), put(ofTask));
      const replaced = artifact(root, 'a', { body: { kind: 'link', href: 'https://x.test/' } });
      await commitAll(store, put(replaced));
      const read = await store.artifacts(root.id);
      assert.deepEqual(read, [replaced, artifact(root, 'b'), ofTask]);
      assert.deepEqual(await store.artifacts(other.root.id), []);
    },
  },
  {
    name: 'an artifact under a lease that was lost is refused',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      await takeOver(store, root.id);
      const write: Write = { kind: 'artifact', artifact: artifact(root, 'a'), fence };
      assert.deepEqual(await commitOne(store, write), { ok: false, conflict: 'fence' });
      assert.deepEqual(await store.artifacts(root.id), []);
    },
  },
];
