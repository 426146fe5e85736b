import { expect, it } from 'vitest';
import { allowFailure, createEngine, flow, memoryRunStore, task } from '@holdfast/core';

it('runs', async () => {
  const add = task(async (a: number, b: number) => a + b, { name: 'add' });
  const bad = task(
    async (_x: number): Promise<number> => {
      throw new Error('no');
    },
    { name: 'bad' },
  );
  const f = flow(
    async (n: number) => {
      const one = await add(n, 1);
      const two = add.submit(one, 1);
      const three = add.submit(two, 1);
      const list = add.map([1, two, 3], 10);
      const sum = add.map(list, 1);
      const b = bad.submit(1);
      const o = await allowFailure(b);
      return { one, two, three, sum, ok: o.ok };
    },
    { name: 'f' },
  );
  const engine = createEngine({ store: memoryRunStore() });
  engine.events.on('state', ({ run, state }) => console.log(run.name, state.type, state.name));
  expect(await engine.run(f, [1])).toEqual({
    one: 2,
    two: 3,
    three: 4,
    sum: [12, 14, 14],
    ok: false,
  });
  const g = flow(
    async () => {
      bad.submit(1);
      return 1;
    },
    { name: 'g' },
  );
  await expect(engine.run(g)).rejects.toMatchObject({ code: 'UNOBSERVED_FAILURE' });
  await engine.stop();
});
it('retries', async () => {
  let n = 0;
  const flaky = task(
    async () => {
      if (++n < 3) throw new TypeError('x' + n);
      return n;
    },
    { name: 'flaky', retries: { limit: 3, delay: 5, backoff: 'exponential', jitter: true } },
  );
  const f = flow(async () => flaky(), { name: 'f' });
  expect(await f()).toBe(3);
  const slow = task(
    async () => {
      await new Promise((r) => setTimeout(r, 50));
    },
    { name: 'slow', timeout: 5, grace: 100 },
  );
  await expect(slow()).rejects.toMatchObject({ code: 'TIMED_OUT' });
});
