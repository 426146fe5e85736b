import { listBackups, listIndexed } from '@holdfast/backups';
import { memoryObjectStore } from '@holdfast/core';
import { forgeCatalog } from './forge-catalog.ts';
import { median, type Figure } from './harness.ts';

const COUNT = 10_000;
const BLOCKS = 3;

async function timed(
  work: () => Promise<{ readonly backups: readonly unknown[] }>,
): Promise<number> {
  const times: number[] = [];
  // The first warms up and does not count.
  for (let block = 0; block <= BLOCKS; block++) {
    const start = performance.now();
    const { backups } = await work();
    if (backups.length !== COUNT) throw new Error(`${backups.length} backups were listed`);
    if (block > 0) times.push(performance.now() - start);
  }
  return median(times);
}

function figure(name: string, value: number, most: number | undefined): Figure {
  const target = most === undefined ? 'no target' : `<= ${most} ms`;
  const met = most === undefined || value <= most;
  return { name, value, unit: 'ms', baseline: null, ratio: null, target, met };
}

/**
 * What it takes to list many backups of one set, by way of its index and without. In memory, where a request takes no
 * time: what is measured is ours.
 */
export async function catalogFigures(): Promise<Figure[]> {
  const store = memoryObjectStore();
  await forgeCatalog(store, 'shop', COUNT);
  const listing = 'catalog of 10,000 backups';
  const rebuilt = await timed(() => listBackups(store, { set: 'shop' }));
  await listIndexed(store, { set: 'shop' });
  const unchecked = await timed(() => listIndexed(store, { set: 'shop', check: false }));
  const checked = await timed(() => listIndexed(store, { set: 'shop' }));
  return [
    figure(`${listing}, from the index`, unchecked, 1000),
    figure(`${listing}, from the index, checked against the listing`, checked, 1000),
    figure(`${listing}, from the store without it`, rebuilt, undefined),
  ];
}
