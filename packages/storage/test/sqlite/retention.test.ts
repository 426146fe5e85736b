import { describe, expect, it } from 'vitest';
import type { Write } from '@holdfast/core';
import {
  advanced,
  COMPLETED,
  creation,
  sampleFlow,
  sampleTask,
  update,
} from '@holdfast/core/testing';
import { behindItsBack, openStore, scratchFile } from './scratch.ts';

const REQUEST = { endedBefore: Number.MAX_SAFE_INTEGER, limit: 10, now: 0 };

/** A flow with something in every table, as writes; it ends with the last one. */
function wholeLife(n: number): Write[] {
  const root = sampleFlow(n, { tags: ['prod'] });
  const task = sampleTask(n + 100, root, { tags: ['db'] });
  const { id: rootId, createdAt: at } = root;
  const fence = { rootId, epoch: 1 };
  const of = { rootId, runId: task.id, generation: 1 };
  const entry = { ...of, attempt: 1, at, level: 'info', message: 'm' } as const;
  const artifact = { ...of, key: 'a', at, body: { kind: 'markdown', markdown: '' } } as const;
  const value = { rootId, runId: task.id, scope: '1.1', slot: 'now:0', value: 1 };
  const child = { rootId, runId: task.id, bootId: 'b', pid: 1, startTime: '1', command: 'c' };
  return [
    creation(root, { lease: { holder: 'h', ttl: 1 } }),
    creation(task, { fence }),
    { kind: 'log', entry },
    { kind: 'artifact', artifact, fence },
    { kind: 'input', input: { ...of, name: 'n', value: 1, at } },
    { kind: 'record', value, fence },
    { kind: 'child-started', child },
    update(advanced(task, COMPLETED, { tags: [] }), { fence }),
    update(advanced(root, COMPLETED), { fence }),
  ];
}

/** How many rows each table holds that holds any, but for those of the migrations. */
function rows(path: string): Record<string, number> {
  return behindItsBack(path, (file) => {
    const tables = file
      .prepare(`select name from sqlite_schema where type = 'table' and name not like 'holdfast_%'`)
      .all();
    const counts = tables.map(({ name }) => {
      const [row] = file.prepare(`select count(*) as n from ${String(name)}`).all();
      return [String(name), Number(row?.['n'])] as const;
    });
    return Object.fromEntries(counts.filter(([, count]) => count > 0));
  });
}

describe('the retention of sqliteRunStore', () => {
  it('leaves nothing of a run in any table, and all of the others', async () => {
    const path = await scratchFile();
    const store = await openStore(path);
    await store.commit(wholeLife(1), 'process');
    const one = rows(path);
    await store.commit(wholeLife(2), 'process');
    for (const n of [1, 2]) await store.releaseLeases([{ rootId: sampleFlow(n).id, epoch: 1 }]);
    expect(await store.prune({ ...REQUEST, limit: 1 })).toMatchObject({ roots: 1, runs: 2 });
    expect(rows(path)).toEqual(one);
    expect(await store.prune(REQUEST)).toMatchObject({ roots: 1, runs: 2 });
    expect(rows(path)).toEqual({});
  });

  it('spares a run that was started again, until that has ended', async () => {
    const store = await openStore(await scratchFile());
    const root = sampleFlow(1);
    const ended = advanced(root, COMPLETED);
    const { endedAt: _, ...open } = advanced(ended, root.state, { generation: 2 });
    await store.commit([creation(root), update(ended), update(open)], 'process');
    expect(await store.prune(REQUEST)).toMatchObject({ roots: 0, runs: 0 });
    await store.commit([update(advanced(open, COMPLETED))], 'process');
    expect(await store.prune(REQUEST)).toMatchObject({ roots: 1, runs: 1 });
  });

  it('forgets permits that nobody has renewed for as long', async () => {
    const path = await scratchFile();
    const store = await openStore(path);
    const wishes = [{ limit: 'db', capacity: 1, slots: 1 }];
    await store.acquirePermits({ id: 'a', holder: 'h', wishes, now: 0, ttl: 5 });
    await store.prune({ ...REQUEST, endedBefore: 5 });
    expect(rows(path)).toEqual({ permit: 1 });
    await store.prune({ ...REQUEST, endedBefore: 6 });
    expect(rows(path)).toEqual({});
  });
});
