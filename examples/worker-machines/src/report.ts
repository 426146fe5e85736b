import { flow, runContext, task } from '@holdfast/core';

/** What one machine works out: wherever a worker of the queue runs, tried again if it fails, stopped after an hour. */
export const count = task(
  async (text: string) => {
    await runContext().sleep(200);
    return { words: text.split(/\s+/).length, by: process.pid };
  },
  { name: 'count', queue: 'counting', retries: 2, timeout: '1h' },
);

/** Reads like code that does everything itself. */
export const report = flow(
  async (texts: readonly string[]) => {
    const counts = await count.map(texts);
    const words = counts.reduce((sum, each) => sum + each.words, 0);
    return { words, machines: new Set(counts.map(({ by }) => by)).size };
  },
  { name: 'report' },
);
