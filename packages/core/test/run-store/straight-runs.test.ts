import {
  array,
  assert,
  asyncProperty,
  constantFrom,
  oneof,
  record,
  type Arbitrary,
} from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryRunStore } from '../../src/store/memory/memory-run-store.ts';
import type { HistoryEntry, TaskRun } from '../../src/model/run.ts';
import type { State } from '../../src/model/state.ts';
import type { RunWrite } from '../../src/store/run-store.ts';
import { creation, SAMPLE_STATES, sampleFlow, sampleId, sampleTask } from '@holdfast/core/testing';

const root = sampleFlow(1);
const fence = { rootId: root.id, epoch: 1 };
const PENDING: State = { type: 'PENDING', name: 'Pending' };
const at = root.createdAt;

/** A field of a run that is another than that of most, or of the runs beside it. */
const difference = oneof(
  constantFrom<Partial<TaskRun>>(
    { runName: 'the orders' },
    { definitionVersion: '2' },
    { groups: ['night'] },
    { tags: ['a', 'b'] },
    { parentTry: '1.2' },
    { parentTry: '1.1' },
    { recoveries: 1 },
    { attempts: 2 },
    { rolledBackAt: at + 9 },
    { bounds: { deadline: at + 60_000 } },
    { dependsOn: [{ runId: sampleId(7), generation: 2 }] },
    { queue: 'night' },
    { inputHash: 'another' },
  ),
  record({ createdAt: constantFrom(at - 5, at + 0.5, at + 2 ** 40) }),
  record({ startedAt: constantFrom(at - 5, at + 1, at + 0.25, at + 2 ** 40) }),
  record({ endedAt: constantFrom(at - 5, at + 4, at + 0.25, at + 2 ** 40) }),
);
const some = array(difference, { maxLength: 1 });
const end = constantFrom(
  ...SAMPLE_STATES.filter(({ type }) => type !== 'PENDING'),
  { type: 'COMPLETED', name: 'Completed', result: { inline: null } } as const,
  { type: 'COMPLETED', name: 'Completed', result: { inline: { a: [1, { b: 'c' }] } } } as const,
  { type: 'COMPLETED', name: 'Completed', result: { inline: 12.5 } } as const,
);

interface Life {
  readonly made: readonly Partial<TaskRun>[];
  readonly ended: readonly Partial<TaskRun>[];
  readonly state: State;
  /** How much of it has happened: it was made, has ended, was run again. */
  readonly steps: number;
}

const life: Arbitrary<Life> = record({
  made: some,
  ended: some,
  state: end,
  steps: constantFrom(1, 2, 3),
});

function step(
  { id: runId, generation, version, state }: TaskRun,
  time: number,
  nth = 0,
): HistoryEntry {
  return { runId, generation, version, step: nth, at: time, state };
}

/** What the engine writes of a run: made and started, ended, and perhaps run again. */
function writesOf({ made, ended, state, steps }: Life, n: number): RunWrite[] {
  const base = { version: 2, attempts: 1, createdAt: at, startedAt: at + 1 };
  const run = Object.assign(sampleTask(n, root, base), ...made) as TaskRun;
  const pending = { ...step(run, run.createdAt), version: 1, state: PENDING };
  const history = [pending, step(run, run.startedAt ?? 0, 1)];
  const writes: RunWrite[] = [{ ...creation(run, { fence }), history }];
  const next = { ...run, version: 3, endedAt: at + 3, state };
  const over = Object.assign(next, ...ended.filter((each) => !('queue' in each))) as TaskRun;
  const last = [step(over, over.endedAt ?? 0)];
  writes.push({ kind: 'run', expectVersion: 2, run: over, history: last, hooks: [], fence });
  const { endedAt: _e, startedAt: _s, ...rest } = over;
  const anew: TaskRun = { ...rest, generation: 2, version: 4, state: PENDING, attempts: 0 };
  const told = [step(anew, at + 5)];
  writes.push({ kind: 'run', expectVersion: 3, run: anew, history: told, hooks: [], fence });
  return writes.slice(0, steps);
}

async function storeWith(...writes: RunWrite[]) {
  const store = memoryRunStore();
  await store.open();
  await store.commit([creation(root, { lease: { holder: 'h', ttl: 60_000 } })], 'process');
  for (const write of writes)
    expect(await store.commit([write], 'process')).toEqual([{ ok: true }]);
  return store;
}

describe('a memory run store', () => {
  it('gives back every run as it was written, whatever little it keeps of those that go straight', async () => {
    await assert(
      asyncProperty(array(life, { minLength: 1, maxLength: 4 }), async (lives) => {
        const perRun = lives.map((each, index) => writesOf(each, index + 2));
        const store = await storeWith(...perRun.flat());
        const records = perRun.map((writes) => writes.at(-1)?.run);
        expect(await store.below(root.id)).toStrictEqual(records);
        expect(await store.runs({ kind: 'task', order: 'oldest' })).toStrictEqual(records);
        for (const writes of perRun) {
          const { id } = (writes[0] as RunWrite).run;
          expect(await store.history(id)).toStrictEqual(writes.flatMap(({ history }) => history));
        }
      }),
      { numRuns: 400 },
    );
  });

  it('shares nothing of a run that goes straight with who wrote it or reads it', async () => {
    const made = { tags: ['a'], groups: ['g'] };
    const state: State = {
      type: 'COMPLETED',
      name: 'Completed',
      result: { inline: { rows: [1] } },
    };
    const writes = writesOf({ made: [made], ended: [], state, steps: 2 }, 2);
    const store = await storeWith(...writes);
    const kept = structuredClone(writes[1]?.run);
    made.tags.push('b');
    made.groups.push('h');
    (state.result as { inline: { rows: number[] } }).inline.rows.push(2);
    for (let reading = 0; reading < 2; reading++) {
      const read = (await store.run(sampleId(2))) as TaskRun;
      expect(read).toStrictEqual(kept);
      (read.tags as string[]).push('c');
      (read.groups as string[]).push('i');
      ((read.state as typeof state).result as { inline: { rows: number[] } }).inline.rows.push(3);
    }
  });

  it('refuses an update of a straight run that would make another of it', async () => {
    const [create, update] = writesOf(
      {
        made: [],
        ended: [],
        state: { type: 'SKIPPED', name: 'NotNeeded', reason: '' },
        steps: 2,
      },
      2,
    ) as [RunWrite, RunWrite];
    const store = await storeWith(create);
    for (const other of [{ name: 'other' }, { key: 'other' }, { parentId: sampleId(9) }]) {
      const write = { ...update, run: { ...update.run, ...other } as TaskRun };
      expect(await store.commit([write], 'process')).toEqual([{ ok: false, conflict: 'version' }]);
    }
    expect(await store.commit([{ ...update, expectVersion: 1 }], 'process')).toEqual([
      { ok: false, conflict: 'version' },
    ]);
    expect(await store.run(create.run.id)).toStrictEqual(create.run);
  });
});
