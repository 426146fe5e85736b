import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  createEngine,
  flow,
  memoryRunStore,
  runContext,
  task,
  type CodeVersion,
  type EngineOptions,
  type FlowRun,
  type RunStore,
} from '@holdfast/core';
import { crashingRunStore, TestClock } from '@holdfast/core/testing';
import { bench, durableStore, expectNoUnhandledRejections, turns, type Bench } from '../support.ts';
import { HOUR, START, stateOf } from './support.ts';

expectNoUnhandledRejections();
afterEach(() => vi.unstubAllEnvs());

let hangs = true;
const work = task(async () => (hangs ? new Promise<never>(() => undefined) : 'done'), {
  name: 'work',
});

interface Host extends Bench {
  readonly warnings: string[];
}

function process(store: RunStore, at: number, options: Partial<EngineOptions>): Host {
  const clock = new TestClock(at);
  const made = bench({ store: crashingRunStore(store, undefined), clock, ...options });
  const warnings: string[] = [];
  made.engine.events.on('warning', ({ code }) => warnings.push(code));
  return { ...made, warnings };
}

/** Starts a flow that hangs in `work` at START, in a process that dies or is stopped an hour later. */
async function interrupted(
  f: Parameters<Bench['engine']['start']>[0],
  end: 'dies' | 'stops' = 'dies',
  options: Partial<EngineOptions> = {},
) {
  hangs = true;
  const store = durableStore();
  const one = process(store, START, options);
  const { id } = await one.engine.start(f as never, [] as never);
  await one.clock.advance(HOUR);
  if (end === 'stops') await one.clock.runUntil(one.engine.stop());
  hangs = false;
  return { store, id };
}

async function recordOf({ engine }: Bench): Promise<FlowRun> {
  const [run] = await engine.runs({ topLevel: true });
  return run as FlowRun;
}

describe('resumeWithin', () => {
  const f = flow(async () => work(), { name: 'f', resumeWithin: '6h' });

  it.each(['dies', 'stops'] as const)(
    'ends a run as CRASHED that was interrupted longer ago, where its process %s',
    async (end) => {
      const { store, id } = await interrupted(f, end);
      const late = process(store, START + 7 * HOUR + 60_000, { flows: [f] });
      expect(await late.engine.recover()).toMatchObject({ resumed: [], ended: [id] });
      expect((await recordOf(late)).state).toMatchObject({
        type: 'CRASHED',
        error: { code: 'RESUME_TOO_LATE' },
      });
      const [child] = await late.engine.below(id);
      expect(child?.state).toMatchObject({ type: 'CRASHED', error: { code: 'PARENT_CRASHED' } });
      await expect((await late.engine.find(id)).result()).rejects.toMatchObject({
        code: 'RESUME_TOO_LATE',
      });
      const again = await late.engine.retry(id);
      expect(await again.result()).toBe('done');
    },
  );

  it('lets it go on before', async () => {
    const { store } = await interrupted(f);
    // To within a third of a lease: that was the last time that the process showed life.
    const inTime = process(store, START + 7 * HOUR - 20_000, { flows: [f] });
    const { resumed } = await inTime.engine.recover();
    expect(await resumed[0]?.result()).toBe('done');
  });

  it('counts from the last thing that was written where nothing else is known', async () => {
    const { store, id } = await interrupted(f);
    const lease = (await store.openRuns())[0]?.lease;
    await store.releaseLeases([{ rootId: id, epoch: lease?.epoch ?? 0 }]);
    const late = process(store, START + 6 * HOUR + 60_000, { flows: [f] });
    expect(await late.engine.recover()).toMatchObject({ ended: [id] });
  });

  it('does not count a sleep, but the time since it was over', async () => {
    const nap = flow(async () => runContext().sleep('3d'), { name: 'nap', resumeWithin: '6h' });
    for (const [late, state] of [
      [5 * HOUR, 'COMPLETED'],
      [7 * HOUR, 'CRASHED'],
    ] as const) {
      const store = durableStore();
      const one = process(store, START, {});
      const { id } = await one.engine.start(nap, []);
      await turns();
      await one.engine.stop();
      const two = process(store, START + 72 * HOUR + late, { flows: [nap] });
      const { resumed } = await two.engine.recover();
      await resumed[0]?.outcome();
      expect(await stateOf(two.engine, id)).toMatchObject({ type: state });
    }
  });

  it('of a subflow ends that one, and its caller is told', async () => {
    const sub = flow(async () => work(), { name: 'sub', resumeWithin: '6h' });
    const top = flow(
      async () => sub().catch((error: { code: string }) => `not taken up: ${error.code}`),
      { name: 'top' },
    );
    const { store, id } = await interrupted(top);
    const late = process(store, START + 20 * HOUR, { flows: [top] });
    const { resumed } = await late.engine.recover();
    expect(await resumed[0]?.result()).toBe('not taken up: RESUME_TOO_LATE');
    const states = (await late.engine.below(id)).map(({ state }) => state.type);
    expect(states).toEqual(['CRASHED', 'CRASHED']);
  });
});

describe('another version of the code', () => {
  const allows = flow(async () => work(), { name: 'f' });

  it('goes on with a run, which keeps what executed it before, and a warning', async () => {
    const { store, id } = await interrupted(allows, 'dies', { codeVersion: '1', gitCommit: 'aaa' });
    const two = process(store, START + 2 * HOUR, { flows: [allows], codeVersion: '2' });
    const { resumed } = await two.engine.recover();
    await resumed[0]?.result();
    expect(two.warnings).toEqual(['VERSION_CHANGED']);
    expect(await recordOf(two)).toMatchObject({
      codeVersion: '2',
      earlierVersions: [{ codeVersion: '1', gitCommit: 'aaa', until: START + 2 * HOUR }],
    });
    const three = process(store, START + 3 * HOUR, { flows: [allows], codeVersion: '3' });
    await (await three.engine.retry(id)).result();
    expect((await recordOf(three)).earlierVersions).toMatchObject([
      { codeVersion: '1' },
      { codeVersion: '2', until: START + 3 * HOUR },
    ]);
  });

  it('is none where one of them is not known, or they are the same', async () => {
    for (const [before, now] of [
      [{}, { codeVersion: '2' }],
      [{ codeVersion: '1' }, {}],
      [{ codeVersion: '1' }, { codeVersion: '1', gitCommit: 'b' }],
    ]) {
      const f = flow(async () => work(), { name: 'f', resumeOtherVersions: 'refuse' });
      const { store } = await interrupted(f, 'dies', before);
      const two = process(store, START + 2 * HOUR, { flows: [f], ...now });
      const { resumed } = await two.engine.recover();
      expect(await resumed[0]?.result()).toBe('done');
      expect(two.warnings).toEqual([]);
    }
  });

  it('is refused by a flow that says so: its run is CRASHED, and engine.retry() may go on', async () => {
    const f = flow(async () => work(), { name: 'f', resumeOtherVersions: 'refuse' });
    const { store, id } = await interrupted(f, 'stops', { codeVersion: '1' });
    const two = process(store, START + 2 * HOUR, { flows: [f], codeVersion: '2' });
    expect(await two.engine.recover()).toMatchObject({ ended: [id] });
    expect(await recordOf(two)).toMatchObject({
      state: { type: 'CRASHED', error: { code: 'VERSION_REFUSED' } },
      codeVersion: '1',
    });
    expect(two.warnings).toEqual([]);
    expect(await (await two.engine.retry(id)).result()).toBe('done');
    expect(await recordOf(two)).toMatchObject({ codeVersion: '2' });
  });

  it('may be judged by a function, whose throw means no', async () => {
    const asked: unknown[] = [];
    const judge = (then: CodeVersion, now: CodeVersion): boolean => {
      asked.push([then, now]);
      if (now.codeVersion === '3') throw new Error('unheard of');
      return now.codeVersion === '2';
    };
    const f = flow(async () => work(), { name: 'f', resumeOtherVersions: judge });
    for (const [codeVersion, type] of [
      ['2', 'COMPLETED'],
      ['3', 'CRASHED'],
      ['4', 'CRASHED'],
    ] as const) {
      const { store } = await interrupted(f, 'dies', { codeVersion: '1' });
      const two = process(store, START + 2 * HOUR, { flows: [f], codeVersion });
      const { resumed } = await two.engine.recover();
      await resumed[0]?.outcome();
      expect((await recordOf(two)).state.type).toBe(type);
    }
    expect(asked[0]).toEqual([{ codeVersion: '1' }, { codeVersion: '2' }]);
  });

  it('is known by the commit that the engine is given, or that the environment names', async () => {
    const commit = '0123456789abcdef0123456789abcdef01234567';
    for (const name of ['GIT_COMMIT', 'SOURCE_COMMIT', 'COMMIT_SHA', 'GITHUB_SHA']) {
      vi.stubEnv(name, '');
    }
    vi.stubEnv('SOURCE_COMMIT', 'not a commit');
    vi.stubEnv('CI_COMMIT_SHA', commit);
    const f = flow(async () => 1, { name: 'f' });
    const fromEnvironment = bench();
    await fromEnvironment.engine.run(f);
    expect(await recordOf(fromEnvironment)).toMatchObject({ gitCommit: commit });
    const given = bench({ gitCommit: 'abc' });
    await given.engine.run(f);
    expect(await recordOf(given)).toMatchObject({ gitCommit: 'abc' });
  });

  it('must be a text of one line', () => {
    for (const wrong of ['', 'a\nb', 'x'.repeat(201), 2]) {
      const options = { store: memoryRunStore(), codeVersion: wrong as string };
      expect(() => createEngine(options)).toThrow(/codeVersion must be a text of one line/);
    }
  });
});
