import { writeSync } from 'node:fs';
import { createEngine, flow, runContext, task, type Engine } from '@holdfast/core';
import { localObjectStore } from '../../src/local/index.ts';
import { sqliteRunStore } from '../../src/sqlite/index.ts';

const big = task(
  async (n: number) => {
    const { artifact, logger, progress } = runContext();
    logger.info({ n: BigInt(n) }, 'makes something large');
    progress({ done: n, total: n, unit: 'bytes' });
    await artifact('made', { kind: 'table', columns: ['bytes'], rows: [[n]] }, 'What was made.');
    return 'x'.repeat(n);
  },
  { name: 'big' },
);
const wait = task(
  async (_length: number) => {
    if (process.env['HANGS'] !== 'yes') return;
    const { artifact, logger } = runContext();
    logger.warn('hangs');
    // Committed with the line, or after it.
    await artifact('waits', { kind: 'markdown', markdown: 'It hangs.' });
    writeSync(1, 'hangs\n');
    await new Promise<never>(() => undefined);
  },
  { name: 'wait' },
);

/** Leaves lines, artifacts and a large result; then hangs, where the environment says so. */
export const kept = flow(
  async (n: number) => {
    const { length } = await big(n);
    await wait(length);
    return length;
  },
  { name: 'kept' },
);

/** An engine on a file and on a directory. */
export function engineOn(directory: string): Engine {
  return createEngine({
    store: sqliteRunStore(`${directory}/runs.db`),
    flows: [kept],
    results: { store: localObjectStore(`${directory}/objects`), inlineUpTo: 1000 },
  });
}
