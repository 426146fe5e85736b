import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createEngine, flow, runContext, sleep, systemClock, task } from '@holdfast/core';
import { sqliteRunStore } from '@holdfast/storage/sqlite';

// Runs rounds of a flow until it is killed: `steps.ts <directory>`. Each task notes every execution in
// `executions`, and appends one line to `lines`, once, however often it is executed.
const directory = process.argv[2] ?? '';
const executions = join(directory, 'executions');
const lines = join(directory, 'lines');

function appendOnce(key: string): void {
  if (!readFileSync(lines, 'utf8').split('\n').includes(key)) appendFileSync(lines, `${key}\n`);
}

const step = task(
  async (round: number, n: number) => {
    const key = `${round}:${n}`;
    appendFileSync(executions, `${key}\n`);
    await sleep(systemClock, (n * 7) % 5, runContext().signal);
    if (n % 10 === 3 && runContext().attempt === 1) throw new Error('a planned failure');
    appendOnce(key);
    return n;
  },
  { name: 'step', retries: { limit: 1, delay: 5 }, maxRecoveries: Number.POSITIVE_INFINITY },
);

const branch = flow(
  async (round: number, from: number) =>
    step.mapArgs(Array.from({ length: 10 }, (_, at): [number, number] => [round, from + at])),
  { name: 'branch', maxRecoveries: Number.POSITIVE_INFINITY },
);

const steps = flow(
  async (round: number) => {
    let sum = 0;
    for (let n = 0; n < 10; n++) sum += await step(round, n);
    const branches = await Promise.all([branch(round, 10), branch(round, 20)]);
    return sum + branches.flat().reduce((total, n) => total + n, 0);
  },
  { name: 'steps', maxRecoveries: Number.POSITIVE_INFINITY },
);

const engine = createEngine({
  store: sqliteRunStore(join(directory, 'runs.db')),
  flows: [steps, branch],
  tasks: [step],
});

process.stdout.write('up\n');
const { resumed } = await engine.recover();
for (const handle of resumed) await handle.result();
for (let round = 0; ; round++) {
  const handle = await engine.start(steps, [round], { idempotencyKey: `round ${round}` });
  const sum = await handle.result();
  if (sum !== 435) throw new Error(`round ${round} gave ${sum}`);
  process.stdout.write(`round ${round}\n`);
}
