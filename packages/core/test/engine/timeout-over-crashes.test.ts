import { expect, it } from 'vitest';
import { flow, runContext, task } from '@holdfast/core';
import { crashAtEveryStep } from '@holdfast/core/testing';

/** Never ends in the first attempt of its flow, but for being told to. */
const dump = task(
  async (attempt: number): Promise<string> => {
    const { signal } = runContext();
    if (attempt > 1) return `dumped in attempt ${attempt}`;
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
  },
  { name: 'dump' },
);

const nightly = flow(async () => dump(runContext().attempt), {
  name: 'nightly',
  timeout: '1m',
  retries: { limit: 1, delay: '10s' },
});

it('retries a flow that timed out, also where it dies between the end of its tasks and its own', async () => {
  const { result, crashes } = await crashAtEveryStep(nightly);
  expect(result).toBe('dumped in attempt 2');
  expect(crashes).toBeGreaterThan(10);
});

it('retries a flow whose subflow was cut off with it', async () => {
  const inner = flow(async (attempt: number) => dump(attempt), { name: 'inner' });
  const outer = flow(async () => inner(runContext().attempt), {
    name: 'outer',
    timeout: '1m',
    retries: { limit: 1, delay: '10s' },
  });
  const { result } = await crashAtEveryStep(outer);
  expect(result).toBe('dumped in attempt 2');
});
