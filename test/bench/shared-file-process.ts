/**
 * One of several processes that run flows on one SQLite file: `shared-file-process.ts <file> <seconds>`. Prints what it did
 * as one line of JSON.
 */
import { createEngine, flow, isHoldfastError, task } from '@holdfast/core';
import { sqliteRunStore } from '@holdfast/storage/sqlite';
import type { Load } from './shared-file.ts';

const [path = '', seconds = '60'] = process.argv.slice(2);
const ONE_BY_ONE = 20;
const AT_ONCE = 200;

const step = task(async (n: number) => n, { name: 'step' });
let longest = 0;

const load = flow(
  async () => {
    for (let n = 0; n < ONE_BY_ONE; n++) {
      const start = performance.now();
      await step(n);
      longest = Math.max(longest, performance.now() - start);
    }
    await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => step.submit(n)));
  },
  { name: 'load' },
);

const engine = createEngine({ store: sqliteRunStore(path) });
const errors: string[] = [];
let tasks = 0;
for (const until = Date.now() + Number(seconds) * 1000; Date.now() < until;) {
  try {
    await engine.run(load);
    tasks += ONE_BY_ONE + AT_ONCE;
    await engine.runs({ name: 'step', states: ['RUNNING'], limit: 20 });
  } catch (error) {
    errors.push(isHoldfastError(error) ? error.code : String(error));
  }
}
await engine.stop();
console.log(JSON.stringify({ tasks, errors, longest } satisfies Load));
