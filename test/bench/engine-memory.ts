import { createEngine, flow, memoryRunStore, runContext, task, type Engine } from '@holdfast/core';
import { interleaved, type Figure } from './harness.ts';

const TASKS = 2000;
const SUBMITTED = 10_000;

const bare = async (n: number): Promise<number> => n;
const plain = task(async (n: number) => n, { name: 'plain' });
const guarded = task(async (n: number) => (runContext().signal.aborted ? 0 : n), {
  name: 'guarded',
  retries: { limit: 3, delay: '1s', backoff: 'exponential' },
  timeout: '1m',
});

async function inSequence(call: (n: number) => Promise<number>): Promise<void> {
  for (let n = 0; n < TASKS; n++) await call(n);
}

const sequences = {
  plain: flow(async () => inSequence(plain), { name: 'plain tasks' }),
  guarded: flow(async () => inSequence(guarded), { name: 'guarded tasks' }),
  submitted: flow(
    async () => {
      const futures = Array.from({ length: SUBMITTED }, (_, n) => plain.submit(n));
      await Promise.all(futures);
    },
    { name: 'submitted tasks' },
  ),
};

async function added(
  engine: Engine,
  name: string,
  which: keyof typeof sequences,
  count: number,
  bound: number,
): Promise<Figure> {
  const baseline =
    which === 'submitted'
      ? () => Promise.all(Array.from({ length: SUBMITTED }, (_, n) => bare(n)))
      : () => inSequence(bare);
  const pair = await interleaved(() => engine.run(sequences[which]), baseline);
  const value = ((pair.ours - pair.baseline) / count) * 1000;
  return {
    name,
    value,
    unit: 'µs a task',
    baseline: (pair.baseline / count) * 1000,
    ratio: pair.baseline / pair.ours,
    target: `<= ${bound} µs added`,
    met: value <= bound,
  };
}

/** What a task costs beside its function, on the memory store with the shipped defaults. */
export async function memoryFigures(): Promise<Figure[]> {
  const engine = createEngine({ store: memoryRunStore() });
  const figures = [
    await added(engine, 'memory: a task without options', 'plain', TASKS, 15),
    await added(engine, 'memory: with retries, timeout, signal', 'guarded', TASKS, 35),
    await added(engine, 'memory: 10,000 submitted', 'submitted', SUBMITTED, 20),
  ];
  await engine.stop();
  return figures;
}
