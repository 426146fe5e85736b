import { expect, it } from 'vitest';
import { cacheBy, flow, transaction } from '@holdfast/core';
import { counted, once } from './counted.ts';
import { bench, expectNoUnhandledRejections } from './support.ts';

expectNoUnhandledRejections();

it('a result that was rolled back is served to nobody, also when its run is forgotten', async () => {
  const { calls, double } = counted({ cache: cacheBy.inputs });
  const { engine, store } = bench();
  const f = flow(
    async () => {
      await transaction(async () => {
        await double(1);
        await transaction(() => double(2), { name: 'nested' });
        throw new Error('undo it');
      }).catch(() => undefined);
      return transaction(() => double(3), { name: 'later' });
    },
    { name: 'f' },
  );
  const handle = await engine.start(f, []);
  await handle.result();
  await store.prune({ endedBefore: Number.MAX_SAFE_INTEGER, limit: 9, now: 0 });
  for (const n of [1, 2, 3]) await engine.run(once(double), [n]);
  expect(calls).toEqual([1, 2, 3, 1, 2]);
});
