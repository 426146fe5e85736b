import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  createEngine,
  flow,
  memoryObjectStore,
  memoryRunStore,
  type Progress,
} from '@holdfast/core';
import { archiveBackup, dumpSource, fileTree, verifyByRestore } from '@holdfast/backups';
import { testRooms } from './support/rooms.ts';

const rooms = testRooms();

it('tells the bytes that a task has stored or read, as it goes', async () => {
  const path = join(rooms.root, 'site');
  await mkdir(path);
  await writeFile(join(path, 'a.txt'), 'content');
  const source = fileTree({ name: 'site', path });
  const { scratchRoot } = rooms;
  const engine = createEngine({
    store: memoryRunStore(),
    resources: { primary: memoryObjectStore(), vault: memoryObjectStore() },
  });
  const told = new Map<string, Progress[]>();
  engine.events.on('progress', ({ name, progress }) => {
    told.set(name, [...(told.get(name) ?? []), progress]);
  });
  const night = flow(
    async () => {
      const backup = await dumpSource({ source, store: 'primary', scratchRoot });
      await verifyByRestore({ backup, scratchRoot });
      await archiveBackup(backup, 'vault');
      return backup.storedBytes;
    },
    { name: 'night' },
  );
  const storedBytes = await engine.run(night);
  for (const task of ['dumpSource', 'verifyByRestore', 'archiveBackup']) {
    const steps = (told.get(task) ?? []).map(({ done }) => done);
    expect(steps.at(-1)).toBeGreaterThanOrEqual(storedBytes);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  }
  // Of the first dump nobody knows how large it will be; of the second, that it will be about as large.
  expect(told.get('dumpSource')?.filter(({ total }) => total !== undefined)).toEqual([]);
  for (const task of ['verifyByRestore', 'archiveBackup']) {
    expect(told.get(task)?.[0]?.total).toBeGreaterThanOrEqual(storedBytes);
  }
  told.clear();
  expect(await engine.run(night)).toBeGreaterThan(0);
  const [first] = told.get('dumpSource') ?? [];
  expect(first?.total).toBe(storedBytes);
  for (const { done, total = 0 } of told.get('dumpSource') ?? []) {
    expect(done).toBeLessThanOrEqual(total);
  }
  await engine.stop();
});
