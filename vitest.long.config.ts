import { defineConfig } from 'vitest/config';
import { reporters, shared } from './vitest.shared.ts';

/** Suites too long for every change: `pnpm chaos`. */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    reporters,
    testTimeout: 600_000,
    fileParallelism: false,
    projects: [{ extends: true, test: { name: 'chaos', include: ['test/chaos/**/*.chaos.ts'] } }],
  },
});
