import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheBy, createEngine, flow, sleep, systemClock, task } from '@holdfast/core';
import { sqliteRunStore } from '@holdfast/storage/sqlite';

// Shares limits and cached results with other processes on one store: `share.ts <directory>` executes limited and
// cached tasks and ends; `share.ts <directory> hold` takes the only slot and never gives it back.
const [directory = '', mode] = process.argv.slice(2);

function note(file: string, line: string): void {
  appendFileSync(join(directory, file), `${line}\n`);
}

const limited = task(
  async (n: number) => {
    note('limited', 'begin');
    await sleep(systemClock, 2 + (n % 3));
    note('limited', 'end');
  },
  { name: 'limited', limits: ['two'] },
);

const computed = task(
  async (n: number) => {
    note('computed', String(n));
    await sleep(systemClock, 5);
    return n * n;
  },
  { name: 'computed', cache: cacheBy.inputs },
);

const shares = flow(
  async (process: number) => {
    const numbers = Array.from({ length: 8 }, (_, n) => n);
    const calls = numbers.map((n) => limited.with({ key: () => `${process} ${n}` }).submit(n));
    const squares = await computed.map(numbers);
    await Promise.all(calls);
    return squares.reduce((sum, square) => sum + square, 0);
  },
  { name: 'shares' },
);

const holds = flow(
  async () => {
    process.stdout.write('held\n');
    await sleep(systemClock, 3_600_000);
  },
  { name: 'holds', limits: ['one'], cache: cacheBy.inputs },
);

const engine = createEngine({
  store: sqliteRunStore(join(directory, 'runs.db')),
  limits: { one: 1, two: 2 },
});
if (mode === 'hold') await engine.run(holds);
process.stdout.write(`${await engine.run(shares, [process.pid])}\n`);
await engine.stop();
