import { expect, it } from 'vitest';
import { killNights } from './chaos/kill-nights.ts';

// The short form of test/chaos/kill-nights.chaos.ts.
it(
  'lists no half backup after SIGKILL, and leaves earlier ones alone',
  { timeout: 120_000 },
  async () => {
    const report = await killNights(6);
    expect(report).toMatchObject({ kills: 6, damaged: [], changed: [] });
    expect(report.listed).toBeGreaterThan(0);
  },
);
