import { createEngine, flow, memoryRunStore, task } from '@holdfast/core';
import { crashAtEveryStep, faultPlan, TestClock } from '@holdfast/core/testing';
import { expect, it } from 'vitest';

const send = task(async (text: string) => `sent: ${text}`, {
  name: 'send',
  retries: { limit: 2, delay: '1h' },
});
const greet = flow(async (name: string) => send(`hello ${name}`), { name: 'greet' });

it('reads like plain code', async () => {
  expect(await greet('Ada')).toBe('sent: hello Ada');
});

it('tries again an hour later', async () => {
  const clock = new TestClock();
  const { aroundAttempt, hits } = faultPlan().fail({
    name: 'send',
    attempt: 1,
    error: new Error('no answer'),
  });
  const engine = createEngine({ store: memoryRunStore(), clock, aroundAttempt });
  const begun = clock.now();
  expect(await clock.runUntil(engine.run(greet, ['Ada']))).toBe('sent: hello Ada');
  expect(clock.now() - begun).toBe(3_600_000);
  expect(hits).toHaveLength(1);
});

it('gives the same, whenever its process dies', async () => {
  const { crashes } = await crashAtEveryStep(greet, { args: ['Ada'] });
  expect(crashes).toBeGreaterThan(0);
});
