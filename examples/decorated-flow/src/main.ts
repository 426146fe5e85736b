import { collectFlows, createEngine, memoryRunStore } from '@holdfast/core';
import { Reports } from './reports.ts';

const reports = new Reports(
  new Map([
    ['Hamburg', 40],
    ['Lyon', 2],
  ]),
);
const engine = createEngine({ store: memoryRunStore(), flows: collectFlows(reports) });

const given: unknown = process.argv[2] ?? '2026-01-05';
try {
  console.log(JSON.stringify(await engine.run(reports.daily, [given as Date])));
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
} finally {
  await engine.stop();
}
