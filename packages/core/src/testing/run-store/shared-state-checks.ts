import assert from 'node:assert/strict';
import type { CachedResult, GivenInput, ScheduleRecord } from '../../model/shared-state.ts';
import type { Fence, Write, WriteOutcome } from '../../store/run-store.ts';
import { SAMPLE_TIME, sampleFlow, sampleId } from '../sample-runs.ts';
import { commitAll, commitOne, leasedFlow, takeOver } from './check.ts';
import type { RunStoreCheck } from './check.ts';

const VERSION: WriteOutcome = { ok: false, conflict: 'version' };

function cached(key: string, differences: Partial<CachedResult> = {}): CachedResult {
  return {
    key,
    result: { inline: { rows: 3 } },
    runId: sampleId(1),
    generation: 1,
    at: SAMPLE_TIME,
    ...differences,
  };
}

function schedule(name: string, differences: Partial<ScheduleRecord> = {}): ScheduleRecord {
  return {
    name,
    version: 1,
    doneUntil: SAMPLE_TIME,
    paused: false,
    updatedAt: SAMPLE_TIME + 1,
    facts: { flow: 'nightly', cron: '0 2 * * *', parameters: [null] },
    ...differences,
  };
}

/** What runs have in common: cached results, inputs from outside, schedules. */
export const sharedStateChecks: readonly RunStoreCheck[] = [
  {
    name: 'a cached result is given under its key, expired or not, until another replaces it',
    async run({ store }) {
      const { fence } = await leasedFlow(store, 1);
      const put = (entry: CachedResult): Write => ({ kind: 'cache', entry, fence });
      const object = { object: 'results/1', bytes: 9, sha256: 'ab' };
      const first = cached('dump|1', { expiresAt: 1 });
      const other = cached('dump|2', { result: object, generation: 4 });
      await commitAll(
        store,
        put(first),
        put(other),
        put(cached('none', { result: { inline: null } })),
      );
      assert.deepEqual(await store.cached('dump|1'), first);
      assert.deepEqual(await store.cached('dump|2'), other);
      assert.deepEqual(await store.cached('none'), cached('none', { result: { inline: null } }));
      assert.equal(await store.cached('dump|3'), undefined);
      const later = cached('dump|1', { runId: sampleId(2), at: SAMPLE_TIME + 9 });
      await commitAll(store, put(later));
      assert.deepEqual(await store.cached('dump|1'), later);
    },
  },
  {
    name: 'a result is cached only under the lease in force',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      await takeOver(store, root.id);
      const write: Write = { kind: 'cache', entry: cached('k'), fence };
      assert.deepEqual(await commitOne(store, write), { ok: false, conflict: 'fence' });
      assert.equal(await store.cached('k'), undefined);
    },
  },
  {
    name: 'the first input for a run, generation and name stays, and needs no lease',
    async run({ store }) {
      const { root, fence } = await leasedFlow(store, 1);
      const input = (differences: Partial<GivenInput>): GivenInput => ({
        rootId: root.id,
        runId: root.id,
        name: 'approval',
        generation: 1,
        value: { ok: true },
        at: SAMPLE_TIME,
        ...differences,
      });
      await store.releaseLeases([fence satisfies Fence]);
      const given = [
        input({}),
        input({ name: 'amount', value: 3 }),
        input({ generation: 2, value: null }),
        input({ runId: sampleId(9), value: [] }),
      ];
      const write = (each: GivenInput): Write => ({ kind: 'input', input: each });
      await commitAll(store, ...given.map(write));
      assert.deepEqual(await commitOne(store, write(input({ value: 'late' }))), { ok: true });
      assert.deepEqual(await store.inputs(root.id), given);
      const unknown = input({ rootId: sampleFlow(7).id });
      assert.deepEqual(await commitOne(store, write(unknown)), VERSION);
      assert.deepEqual(await store.inputs(unknown.rootId), []);
    },
  },
  {
    name: 'a schedule is written only at the version that was expected',
    async run({ store }) {
      const put = (expectVersion: number, given: ScheduleRecord): Write => ({
        kind: 'schedule',
        expectVersion,
        schedule: given,
      });
      await commitAll(store, put(0, schedule('weekly')), put(0, schedule('nightly')));
      const late = schedule('nightly', { paused: true });
      assert.deepEqual(await commitOne(store, put(0, late)), VERSION);
      const second = schedule('nightly', { version: 2, doneUntil: SAMPLE_TIME + 5 });
      await commitAll(store, put(1, second));
      assert.deepEqual(await commitOne(store, put(1, { ...late, version: 3 })), VERSION);
      assert.deepEqual(await commitOne(store, put(4, { ...late, version: 5 })), VERSION);
      assert.deepEqual(await store.schedules(), [second, schedule('weekly')]);
    },
  },
  {
    name: 'of overlapping writes to a schedule exactly one is applied',
    async run({ store }) {
      await commitAll(store, { kind: 'schedule', expectVersion: 0, schedule: schedule('s') });
      const writes = Array.from({ length: 8 }, (_, n): Write => {
        const next = schedule('s', { version: 2, doneUntil: SAMPLE_TIME + n });
        return { kind: 'schedule', expectVersion: 1, schedule: next };
      });
      const outcomes = await Promise.all(writes.map((write) => commitOne(store, write)));
      assert.equal(outcomes.filter(({ ok }) => ok).length, 1);
    },
  },
];
