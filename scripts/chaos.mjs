// pnpm chaos [--runs N] [file …]: the chaos tests, with N kills each instead of what the tests say.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  options: { runs: { type: 'string' } },
  allowPositionals: true,
});
const env = { ...process.env };
if (values.runs !== undefined) env.HOLDFAST_CHAOS_RUNS = values.runs;

const args = ['run', '--config', 'vitest.long.config.ts', '--project', 'chaos', ...positionals];
process.exitCode = spawnSync('vitest', args, { stdio: 'inherit', env }).status ?? 1;
