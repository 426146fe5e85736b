import { expect, it } from 'vitest';
import { cacheBy, flow, task, transaction } from '@holdfast/core';
import { crashAtEveryStep } from '@holdfast/core/testing';
import { counted } from '../engine/counted.ts';
import { bench, expectNoUnhandledRejections, gate, statesBelow } from '../engine/support.ts';
import { codeOf } from './support.ts';

expectNoUnhandledRejections();

/** A flow that calls a task as the code of the transactions here does: once, with a number alone. */
function once(double: (n: number) => Promise<number>) {
  return flow(async (n: number) => double(n), { name: 'once' });
}

it('a result of an open transaction is given to nobody; once it has committed, it is', async () => {
  const { calls, double } = counted({ cache: cacheBy.inputs });
  const begun = gate();
  const go = gate();
  const f = flow(
    async () =>
      transaction(async () => {
        await transaction(() => double(4), { name: 'inner' });
        begun.open();
        await go.opened;
      }),
    { name: 'f' },
  );
  const b = bench();
  const handle = await b.engine.start(f, []);
  await begun.opened;
  const uncached = double.with({ cacheFor: 1 });
  await b.engine.run(once(uncached), [4]);
  expect(calls).toEqual([4, 4]);
  await b.clock.advance(2);
  go.open();
  await handle.result();
  const after = await b.engine.start(once(double), [4]);
  await after.result();
  expect(await statesBelow(b, after.id)).toEqual(['double COMPLETED/Cached']);
});

it('a result of a transaction that committed is cached; one that was rolled back is not, also a nested one', async () => {
  const { calls, double } = counted({ cache: cacheBy.inputs });
  const f = flow(
    async () => {
      await transaction(async () => {
        await double(1);
        await transaction(
          async () => {
            await double(2);
            throw Object.assign(new Error('no'), { code: 'E_NO' });
          },
          { name: 'inner' },
        ).catch(codeOf);
      });
      await transaction(
        async () => {
          await double(3);
          throw Object.assign(new Error('no'), { code: 'E_NO' });
        },
        { name: 'second' },
      ).catch(codeOf);
    },
    { name: 'f' },
  );
  const { engine } = bench();
  await engine.run(f);
  expect(calls).toEqual([1, 2, 3]);
  for (const n of [1, 2, 3]) await engine.run(once(double), [n]);
  expect(calls).toEqual([1, 2, 3, 2, 3]);
});

it('a cached result is the work of another run: a rollback leaves it alone', async () => {
  const undone: number[] = [];
  const { double } = counted({ cache: cacheBy.inputs, onRollback: (n) => void undone.push(n) });
  const f = flow(
    async () =>
      transaction(async () => {
        await double(4);
        throw Object.assign(new Error('no'), { code: 'E_NO' });
      }).catch(codeOf),
    { name: 'f' },
  );
  const b = bench();
  await b.engine.run(once(double), [4]);
  const handle = await b.engine.start(f, []);
  expect(await handle.result()).toBe('E_NO');
  expect(undone).toEqual([]);
  const [run] = await b.engine.below(handle.id);
  expect(run?.state.name).toBe('Cached');
  expect(run?.rolledBackAt).toBeUndefined();
});

it('holds over a crash at any step: what is served was never undone', async () => {
  const undone = new Set<string>();
  let made = 0;
  const dump = task(async (day: number) => `dump ${++made} of ${day}`, {
    name: 'dump',
    cache: cacheBy.inputs,
    onRollback: (value) => void undone.add(value),
  });
  const f = flow(
    async () => {
      const tried = await transaction(async () => {
        await dump(1);
        throw Object.assign(new Error('no'), { code: 'E_NO' });
      }).catch(codeOf);
      const served = await dump.with({ key: () => 'again' })(1);
      return [tried, undone.has(served)];
    },
    { name: 'f' },
  );
  const report = await crashAtEveryStep(f, { prepare: () => undone.clear() });
  expect(report.result).toEqual(['E_NO', false]);
}, 60_000);
