import { defineConfig } from 'vitest/config';
import { reporters, shared } from './vitest.shared.ts';

/** Suites too long for every change: `pnpm bench` and `pnpm chaos`. */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    reporters,
    testTimeout: 600_000,
    fileParallelism: false,
    projects: [
      // Its benchmarks run as the project `measure (bench)`, one at a time.
      {
        extends: true,
        test: {
          name: 'measure',
          include: [],
          benchmark: { enabled: true, include: ['test/bench/**/*.bench.ts'] },
        },
      },
      { extends: true, test: { name: 'chaos', include: ['test/chaos/**/*.chaos.ts'] } },
    ],
  },
});
