import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { creation, sampleFlow, sampleId, sampleTask } from '@holdfast/core/testing';
import { start } from '../sqlite/child-process.ts';
import { canRun, databases, openStore } from './scratch.ts';

const WRITER = fileURLToPath(new URL('../programs/write-until-killed.ts', import.meta.url));

describe.runIf(canRun)('postgresRunStore, when its process is killed', () => {
  const kept = databases();

  it('has lost no acknowledged commit, ten times over', { timeout: 120_000 }, async () => {
    const url = kept.server.url(kept.fresh());
    const acknowledged: number[] = [];
    for (let round = 0; round < 10; round++) {
      const after = 1 + Math.floor(Math.random() * 60);
      const terms = [url, round % 2 === 0 ? 'process' : 'machine', String(round * 10_000)];
      const child = start(
        [process.execPath, '--conditions=@holdfast/source', WRITER, ...terms],
        (_, { lines, process: writer }) => {
          if (lines.length === after) writer.kill('SIGKILL');
        },
      );
      const { by, stderr } = await child.ended;
      expect(by, stderr).toBe('SIGKILL');
      acknowledged.push(...child.lines.map(Number));
    }
    const store = await openStore(url);
    const found = new Set((await store.below(sampleId(0))).map(({ id }) => id));
    expect(acknowledged.length).toBeGreaterThanOrEqual(10);
    expect(acknowledged.filter((n) => !found.has(sampleId(n)))).toEqual([]);
    for (const id of found) expect(await store.history(id)).toHaveLength(1);
    const root = sampleFlow(0);
    const write = creation(sampleTask(200_000, root), { fence: { rootId: root.id, epoch: 1 } });
    expect(await store.commit([write], 'machine')).toEqual([{ ok: true }]);
    expect(await store.check()).toEqual([]);
  });
});
