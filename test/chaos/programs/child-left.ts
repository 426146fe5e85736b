import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { createEngine, flow, runContext, task } from '@holdfast/core';
import { sqliteRunStore } from '@holdfast/storage/sqlite';

// Starts a program from within a task and waits for it, until this process is killed: `child-left.ts <directory>`.
const directory = process.argv[2] ?? '';

const wait = task(
  async () => {
    const child = await runContext().startChild('sleep', { args: ['1000'] });
    appendFileSync(join(directory, 'pid'), `${child.identity.pid}`);
    await child.done;
  },
  { name: 'wait' },
);
const waiting = flow(async () => wait(), { name: 'waiting' });

const engine = createEngine({
  store: sqliteRunStore(join(directory, 'runs.db')),
  flows: [waiting],
});
await engine.start(waiting, []);
process.stdout.write('up\n');
