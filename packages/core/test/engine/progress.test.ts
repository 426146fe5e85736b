import { describe, expect, it } from 'vitest';
import {
  flow,
  runContext,
  sleep,
  task,
  type RunStore,
  type ToldProgress,
  type Write,
} from '@holdfast/core';
import { Pace } from '../../src/engine/notes/pace.ts';
import { bench, durableStore, expectNoUnhandledRejections, gate, turns } from './support.ts';

expectNoUnhandledRejections();

/** A store that notes every artifact that is written, and every outcome. */
function noting(): {
  readonly written: string[];
  readonly store: RunStore;
} {
  const store = durableStore();
  const commit = store.commit.bind(store);
  const written: string[] = [];
  const note = (write: Write): void => {
    if (write.kind === 'artifact' && write.artifact.body.kind === 'progress') {
      written.push(`${write.artifact.body.done}`);
    } else if (write.kind === 'run' && write.run.kind === 'task') {
      written.push(write.run.state.type);
    }
  };
  store.commit = async (writes, durability) => {
    writes.forEach(note);
    return commit(writes, durability);
  };
  return { written, store };
}

describe('the progress of a run', () => {
  it('is written at most once a second, and last before the outcome', async () => {
    const { written, store } = noting();
    const told: number[] = [];
    const count = task(
      async () => {
        const { progress } = runContext();
        for (let done = 0; done < 100; done++) {
          progress({ done, total: 100, unit: 'files' });
          await sleep(b.clock, 100);
        }
        progress({ done: 100, total: 100, unit: 'files' });
      },
      { name: 'count' },
    );
    const b = bench({ store });
    b.engine.events.on('progress', ({ progress }) => told.push(progress.done));
    await b.clock.runUntil(b.engine.run(flow(() => count(), { name: 'f' })));
    expect(told).toHaveLength(101);
    const numbers = written.filter((each) => /^\d/.test(each));
    expect(numbers).toEqual([
      '0',
      '9',
      '19',
      '29',
      '39',
      '49',
      '59',
      '69',
      '79',
      '89',
      '99',
      '100',
    ]);
    expect(written.slice(-2)).toEqual(['100', 'COMPLETED']);
    const [root] = await b.engine.runs({ topLevel: true });
    expect(await b.engine.artifacts(root!.id)).toMatchObject([
      { key: 'progress', body: { kind: 'progress', done: 100, total: 100, unit: 'files' } },
    ]);
  });

  it('tells its rate, and when it will be done where the end is known', async () => {
    const { store } = noting();
    const told: ToldProgress[] = [];
    const count = task(
      async ({ total }: { readonly total?: number }) => {
        const { progress } = runContext();
        const end = total === undefined ? {} : { total };
        for (const [done, wait] of [
          [100, 500],
          [150, 1500],
          [500, 0],
        ] as const) {
          progress({ done, ...end, unit: 'bytes' });
          await sleep(b.clock, wait);
        }
      },
      { name: 'count' },
    );
    const b = bench({ store });
    b.engine.events.on('progress', ({ progress }) => told.push(progress));
    const counting = flow((total?: number) => count(total === undefined ? {} : { total }), {
      name: 'f',
    });
    const start = b.clock.now();
    await b.clock.runUntil(b.engine.run(counting, [900]));
    // 400 in two seconds, from the first that was told; another 400 at that rate.
    expect(told).toEqual([
      { done: 100, total: 900, unit: 'bytes' },
      { done: 150, total: 900, unit: 'bytes' },
      { done: 500, total: 900, unit: 'bytes', rate: 200, eta: start + 2000 + 2000 },
    ]);
    const [root] = await b.engine.runs({ topLevel: true });
    expect(await b.engine.artifacts(root!.id)).toMatchObject([
      { body: { kind: 'progress', done: 500, rate: 200, eta: start + 4000 } },
    ]);
    told.length = 0;
    await b.clock.runUntil(b.engine.run(counting, []));
    expect(told.at(-1)).toEqual({ done: 500, unit: 'bytes', rate: 200 });
  });

  it('begins to measure anew where it counts anew, and where the clock was set back', () => {
    const pace = new Pace();
    const at = (done: number, now: number) => pace.told({ done, total: 1000, unit: 'rows' }, now);
    expect(at(100, 10_000)).not.toHaveProperty('rate');
    expect(at(300, 12_000)).toMatchObject({ rate: 100, eta: 12_000 + 7000 });
    expect(at(10, 13_000)).not.toHaveProperty('eta');
    expect(at(20, 15_000)).toMatchObject({ rate: 5 });
    expect(at(30, 9000)).not.toHaveProperty('rate');
    expect(at(1100, 19_000)).toMatchObject({ rate: 107, eta: 19_000 });
    expect(at(1100, 20_000).eta).toBe(20_000);
  });

  it('is written after a second also where nothing more is told', async () => {
    const { written, store } = noting();
    const open = gate();
    const stuck = task(
      async () => {
        runContext().progress({ done: 1, unit: 'files' });
        runContext().progress({ done: 2, unit: 'files' });
        await open.opened;
      },
      { name: 'stuck' },
    );
    const b = bench({ store });
    const run = b.engine.run(flow(() => stuck(), { name: 'f' }));
    await turns();
    expect(written.at(-1)).toBe('1');
    await b.clock.advance(999);
    expect(written.at(-1)).toBe('1');
    await b.clock.advance(1);
    expect(written.at(-1)).toBe('2');
    open.open();
    await run;
    expect(written.at(-1)).toBe('COMPLETED');
  });

  it('is that of the last attempt, also where a clock is set back', async () => {
    const { written, store } = noting();
    const t = task(
      async () => {
        const { progress, attempt } = runContext();
        progress({ done: attempt, unit: 'files' });
        if (attempt === 2) b.clock.jump(b.clock.now() - 3_600_000);
        progress({ done: attempt * 10, unit: 'files' });
        if (attempt < 3) throw new Error('again');
      },
      { name: 't', retries: 2 },
    );
    const b = bench({ store });
    await b.clock.runUntil(b.engine.run(flow(() => t(), { name: 'f' })));
    const numbers = written.filter((each) => /^\d/.test(each));
    expect(numbers).toEqual(['1', '10', '20', '30']);
  });

  it('is written before a pause, which it does not disturb', async () => {
    const { written, store } = noting();
    const f = flow(
      async () => {
        const { progress, sleep: sleepFor } = runContext();
        progress({ done: 1, unit: 'files' });
        progress({ done: 2, unit: 'files' });
        await sleepFor('8h');
      },
      { name: 'f' },
    );
    const b = bench({ store });
    const handle = await b.engine.start(f, []);
    await turns();
    expect(written).toEqual(['1', '2']);
    await b.clock.advance(3_600_000);
    const [open] = await store.openRuns();
    expect([open!.run.state.name, open!.lease.holder]).toEqual(['Sleeping', '']);
    await b.clock.runUntil(handle.result());
  });
});
