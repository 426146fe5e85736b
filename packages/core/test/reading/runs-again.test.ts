import { describe, expect, it } from 'vitest';
import { allowFailure, flow, memoryRunStore, runContext, task } from '@holdfast/core';
import { crashingRunStore, TestClock } from '@holdfast/core/testing';
import { bench, durableStore, turns } from '../engine/support.ts';
import { againBy, begun, forever, MINUTE, processOn, START, titles } from './support.ts';

const broken = task(
  async () => {
    throw new Error('broken');
  },
  { name: 'broken' },
);
const dump = task(async (db: string) => db, { name: 'dump', runName: (db) => `dump ${db}` });
const verify = task(async (file: string) => file, {
  name: 'verify',
  runName: (f) => `verify ${f}`,
});
const report = task(async (...given: unknown[]) => given.length, { name: 'report' });
const offsite = flow(async (files: string[]) => Promise.all(files.map((file) => verify(file))), {
  name: 'offsite',
});
const nightly = flow(
  async () => {
    const failed = broken.submit();
    const dumps = dump.map(['a', 'b']);
    const checked = verify.map(dumps);
    await offsite(await dumps);
    return report.submit(allowFailure(failed), await checked);
  },
  { name: 'nightly' },
);

/**
 * Fails in its first two attempts, each time further down, once what was started beside it is under way; what had failed
 * then is executed again.
 */
const unlucky = task(
  async (step: string, attempt: number) => {
    if (attempt === 3 || step !== `step ${attempt}`) return step;
    await turns();
    throw new Error(`${step} failed`);
  },
  { name: 'unlucky', key: (step) => step },
);
const stubborn = flow(
  async () => {
    const { attempt } = runContext();
    const first = unlucky.submit('step 1', attempt);
    const second = verify.submit(first);
    const third = offsite([await second]);
    await unlucky('step 2', attempt);
    await third;
    return 2;
  },
  { name: 'stubborn', retries: { limit: 2, delay: '1h' } },
);

/** Runs a flow in a process that dies at a commit; gives what was foretold then, and what a recovery executed. */
async function foretold(f: typeof nightly, commit: number, moment: 'before' | 'after') {
  const inner = memoryRunStore();
  const clock = new TestClock(START);
  const one = bench({ store: crashingRunStore(inner, { commit, moment }), clock });
  await begun(one, f);
  await clock.advance(3 * 60 * MINUTE);
  const two = processOn(inner, clock.now() + 60 * MINUTE, { flows: [f] });
  const [root] = await two.engine.runs({ topLevel: true });
  if (root === undefined || root.state.type === 'COMPLETED') return undefined;
  const told = await two.engine.explain(root.id);
  const made = new Set((await two.engine.below(root.id)).map(({ id }) => id));
  const executed = new Set<string>();
  let attempts = 0;
  two.engine.events.on('state', ({ run, state }) => {
    if (run.id === root.id && state.type === 'RUNNING') attempts++;
    // Executed, ended by rules, or skipped since an input failed again. What a further attempt of the flow does is another matter.
    if (attempts === 1 && (made.has(run.id) || run.id === root.id)) executed.add(run.id);
  });
  const { resumed } = await two.engine.recover();
  expect(await two.clock.runUntil(resumed[0]?.result() as Promise<unknown>)).toBe(2);
  const { runs, ended } = told.whatWouldRunAgain;
  const changed = [...runs, ...ended.map(({ run }) => run)].map(({ id }) => id);
  return { told: changed.toSorted(), executed };
}

describe('what would run again', () => {
  it.each([nightly, stubborn])(
    'is what a recovery executes, whenever the process died',
    async (f) => {
      let crashes = 0;
      for (const moment of ['before', 'after'] as const) {
        for (let commit = 2; ; commit++) {
          const result = await foretold(f, commit, moment);
          if (result === undefined) break;
          crashes++;
          expect(result.told, `${moment} ${commit}`).toEqual([...result.executed].toSorted());
        }
      }
      expect(crashes).toBeGreaterThan(10);
    },
  );

  it('counts the completed runs that stand, and leaves out what failed under the same try', async () => {
    const store = durableStore();
    const hangs = task(forever, { name: 'hangs' });
    const f = flow(
      async () => {
        await broken().catch(() => undefined);
        await dump('a');
        return hangs();
      },
      { name: 'f' },
    );
    const id = await begun(processOn(store, START), f);
    const told = await processOn(store, START + 60 * MINUTE).engine.explain(id);
    expect(againBy(told)).toEqual({ by: 'recovery', runs: ['f', 'hangs'], kept: 1 });
    expect(told.whatFailedFirst).toMatchObject({ run: { name: 'broken' }, reached: false });
    expect(told.sentence).toMatch(
      /; 'broken' failed first \(Error: broken\); engine\.recover\(\) /,
    );
  });

  it('holds what failed under an earlier try of a flow that is to be tried again', async () => {
    const store = durableStore();
    const f = flow(async () => [await dump('a'), await broken()], {
      name: 'f',
      retries: { limit: 1, delay: '1h' },
    });
    const id = await begun(processOn(store, START), f);
    const told = await processOn(store, START + 10 * MINUTE).engine.explain(id);
    expect(told.run.displayState).toBe('AwaitingRetry');
    expect(againBy(told)).toEqual({ by: 'recovery', runs: ['f', 'broken'], kept: 1 });
  });

  it('is what engine.retry() executes', async () => {
    for (const f of [nightly, flow(async () => [await nightly(), await broken()], { name: 'f' })]) {
      const one = bench();
      const handle = await one.engine.start(f as typeof nightly, []);
      await one.clock.runUntil(handle.outcome());
      const told = await one.engine.explain(handle.id);
      const executed = new Set<string>();
      one.engine.events.on('state', ({ run, state }) => {
        if (state.type === 'RUNNING') executed.add(run.id);
      });
      const again = await one.engine.retry(handle.id);
      await one.clock.runUntil(again.outcome());
      const ids = told.whatWouldRunAgain.runs.map(({ id }) => id);
      expect(ids.toSorted()).toEqual([...executed].toSorted());
    }
  });

  it('is empty below what stands, and told for one run of a tree', async () => {
    const one = bench();
    const handle = await one.engine.start(nightly, []);
    await one.clock.runUntil(handle.outcome());
    const [sub] = (await one.engine.below(handle.id)).filter(({ name }) => name === 'offsite');
    const told = await one.engine.explain(sub?.id as never);
    expect(againBy(told)).toEqual({ by: 'retry', runs: [], kept: 3 });
    expect(titles(told.whatWouldRunAgain.runs)).toEqual([]);
    await turns();
  });

  it('follows a long chain of inputs', async () => {
    const link = task(
      async (n: number, fails: boolean) => {
        if (fails) throw new Error('the first link');
        return n;
      },
      { name: 'link' },
    );
    const f = flow(
      async () => {
        let last = link.submit(0, true);
        for (let n = 1; n < 2000; n++) last = link.submit(last, false);
        return last;
      },
      { name: 'f' },
    );
    const one = bench();
    const handle = await one.engine.start(f, []);
    await one.clock.runUntil(handle.outcome());
    const told = await one.engine.explain(handle.id);
    expect(told.whatWouldRunAgain.runs).toHaveLength(2001);
    expect(told.whatFailedFirst?.reached).toBe(true);
    expect(told.sentence).toMatch(
      /^'f' failed after \S+ because 'link' failed \(Error: the first link\), for which 'link' × 1,999 could not run; /,
    );
  }, 20_000);
});
