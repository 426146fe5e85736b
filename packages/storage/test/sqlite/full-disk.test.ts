import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Run } from '@holdfast/core';
import { creation, sampleFlow, sampleTask } from '@holdfast/core/testing';
import { requires, smallFileSystem } from './environment.ts';
import { openStore } from './scratch.ts';

describe('sqliteRunStore, on a disk that fills up', () => {
  it('keeps all it acknowledged, refuses the rest by code, and goes on when there is space', async ({
    skip,
  }) => {
    const directory = smallFileSystem('4m');
    requires(directory !== undefined, 'the right to mount a file system', skip);
    const path = join(directory, 'runs.db');
    const ballast = join(directory, 'ballast');
    await writeFile(ballast, Buffer.alloc(1024 * 1024));
    const store = await openStore(path);
    const root = sampleFlow(0, { inputs: 'x'.repeat(100_000) });
    const fence = { rootId: root.id, epoch: 1 };
    await store.commit([creation(root, { lease: { holder: 'h', ttl: 1 } })], 'machine');
    const kept: Run[] = [];
    let failure: unknown;
    for (let n = 1; n < 1000 && failure === undefined; n++) {
      const task = sampleTask(n, root, { inputHash: 'x'.repeat(100_000) });
      await store.commit([creation(task, { fence })], 'machine').then(
        () => kept.push(task),
        (error: unknown) => (failure = error),
      );
    }
    expect(failure).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    expect((failure as Error).message).toBe(`The run store ${path} cannot grow: the disk is full`);
    expect(kept.length).toBeGreaterThan(3);
    expect(await store.below(root.id)).toEqual(kept);
    await rm(ballast);
    const late = sampleTask(2000, root);
    expect(await store.commit([creation(late, { fence })], 'machine')).toEqual([{ ok: true }]);
    expect(await store.below(root.id)).toEqual([...kept, late]);
    await store.close();
  });
});
