import { describe, expect, it } from 'vitest';
import { creation, sampleFlow, sampleId, sampleTask } from '@holdfast/core/testing';
import { commandLine, start } from './child-process.ts';
import { behindItsBack, openStore, scratchFile } from './scratch.ts';

describe('sqliteRunStore, when its process is killed', () => {
  it('has lost no acknowledged commit, ten times over', { timeout: 120_000 }, async () => {
    const path = await scratchFile();
    const acknowledged: number[] = [];
    for (let round = 0; round < 10; round++) {
      const after = 1 + Math.floor(Math.random() * 60);
      const durability = round % 2 === 0 ? 'process' : 'machine';
      const first = String(round * 10_000);
      const child = start(
        commandLine('../../programs/write-until-killed', path, durability, first),
        (_, { lines, process: writer }) => {
          if (lines.length === after) writer.kill('SIGKILL');
        },
      );
      const { by, stderr } = await child.ended;
      expect(by, stderr).toBe('SIGKILL');
      expect(child.lines.length).toBeGreaterThanOrEqual(after);
      acknowledged.push(...child.lines.map(Number));
    }
    expect(behindItsBack(path, (file) => file.prepare('pragma integrity_check').get())).toEqual({
      integrity_check: 'ok',
    });
    const store = await openStore(path);
    const kept = new Set((await store.below(sampleId(0))).map(({ id }) => id));
    expect(acknowledged.filter((n) => !kept.has(sampleId(n)))).toEqual([]);
    for (const id of kept) expect(await store.history(id)).toHaveLength(1);
    const root = sampleFlow(0);
    const write = creation(sampleTask(200_000, root), { fence: { rootId: root.id, epoch: 1 } });
    expect(await store.commit([write], 'machine')).toEqual([{ ok: true }]);
  });
});
