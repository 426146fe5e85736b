import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Write } from '@holdfast/core';
import { creation, sampleFlow, sampleTask } from '@holdfast/core/testing';
import { WorkerRunStore } from '../../src/sqlite/sqlite-run-store.ts';
import { encodeWrites } from '../../src/record/encode-write.ts';
import { WorkerLink } from '../../src/sqlite/worker-link.ts';
import { commandLine, start } from './child-process.ts';
import { openStore, scratchFile } from './scratch.ts';

const TERMS = { path: '/tmp/never-opened.db', busyTimeout: 0, migrate: 'auto' } as const;
const CRASHING = new URL('./programs/crash-when-asked.mjs', import.meta.url);
const ENDING = new URL('./programs/answer-and-end.mjs', import.meta.url);
const root = sampleFlow(0);
const lease = { holder: 'h', ttl: 1 };
const fence = { rootId: root.id, epoch: 1 };

/**
 * Watches the event loop. Gives a function that stops, and tells the longest turn in milliseconds of
 * this thread's processor time: what other processes of a busy machine take does not count.
 */
function watchTurns(): () => number {
  const spent = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let longest = 0;
  let before = spent();
  let watching = true;
  const turn = (): void => {
    const now = spent();
    longest = Math.max(longest, now - before);
    before = now;
    if (watching) setImmediate(turn);
  };
  setImmediate(turn);
  return () => {
    watching = false;
    return longest;
  };
}

describe('the thread of sqliteRunStore', () => {
  it('leaves no call unanswered when it dies, and is started anew by the next', async () => {
    const store = new WorkerRunStore(TERMS, CRASHING);
    await store.open();
    for (let life = 0; life < 2; life++) {
      const calls = [store.run(root.id), store.commit([], 'process'), store.openRuns()];
      for (const call of calls) {
        await expect(call).rejects.toMatchObject({
          code: 'STORE_UNAVAILABLE',
          retryable: true,
          cause: { message: 'The worker broke' },
        });
      }
    }
    await store.close();
  });

  it('is replaced by one that knows all that was acknowledged', async () => {
    const path = await scratchFile();
    const link = new WorkerLink(path);
    onTestFinished(() => link.kill());
    await link.call('open', { path, busyTimeout: 100, migrate: 'auto' });
    const writes = encodeWrites([creation(root, { lease })]);
    await link.call('commit', { writes, durability: 'process' });
    await link.kill();
    await expect(link.call('runs', {})).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const store = await openStore(path);
    expect(await store.runs({})).toEqual([root]);
  });

  it('is heard to the end, also where its end is told first', async () => {
    const links = Array.from({ length: 20 }, () => new WorkerLink('/tmp/never-opened.db', ENDING));
    const words = await Promise.all(links.map((link) => link.call('close', undefined)));
    expect(new Set(words)).toEqual(new Set(['the last word']));
  });

  it('says so where it no longer has what it was told of before', async () => {
    const path = await scratchFile();
    const link = new WorkerLink(path);
    onTestFinished(() => link.kill());
    await link.call('open', { path, busyTimeout: 100, migrate: 'auto' });
    const commit = { writes: 'prepared', durability: 'process' } as const;
    const lost = { code: 'STORE_UNAVAILABLE', retryable: true };
    await expect(link.call('commit', commit)).rejects.toMatchObject(lost);
    await link.call('prepare', encodeWrites([creation(root, { lease })]));
    await link.call('commit', commit);
    await expect(link.call('commit', commit)).rejects.toMatchObject(lost);
    expect(await link.call('runs', {})).toEqual([root]);
  });

  it('closes although it has died', async () => {
    const store = new WorkerRunStore(TERMS, CRASHING);
    await store.open();
    await expect(store.run(root.id)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await store.close();
    await expect(store.run(root.id)).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });

  it('answers small writes within the turn of those who write one after the other', async () => {
    const store = await openStore(await scratchFile());
    await store.commit([creation(root, { lease })], 'process');
    // Both threads must be on a processor at the same moment: on a busy machine that is a matter of luck, and of patience.
    const patience = Date.now() + 15_000;
    let atOnce = 0;
    let written = 0;
    while (atOnce === 0 && Date.now() < patience) {
      let turned = false;
      setImmediate(() => (turned = true));
      written++;
      await store.commit([creation(sampleTask(written, root), { fence })], 'process');
      if (!turned) atOnce++;
    }
    expect(atOnce).toBeGreaterThan(0);
    expect(await store.below(root.id)).toHaveLength(written);
  });

  it('does not hold up the host while another process writes', async () => {
    const path = await scratchFile();
    const store = await openStore(path);
    const other = new DatabaseSync(path);
    await store.commit([creation(root, { lease })], 'process');
    // Now the thread looks out for the next call, and the host for its answer.
    other.exec('begin immediate');
    const before = process.threadCpuUsage();
    const commit = store.commit([creation(sampleTask(1, root), { fence })], 'process');
    const { user, system } = process.threadCpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(5);
    other.exec('rollback');
    other.close();
    expect(await commit).toEqual([{ ok: true }]);
  });

  it('keeps no process alive', async () => {
    const child = start(commandLine('leave-open', await scratchFile()));
    expect(await child.ended).toEqual({ by: 0, stderr: '' });
    expect(child.lines).toEqual(['0 runs']);
  });

  it('refuses a write that is no record, and applies nothing of its batch', async () => {
    const store = await openStore(await scratchFile());
    const odd = sampleFlow(1, { tags: [(() => 1) as unknown as string] });
    const wrong = sampleFlow(2, { recoveries: Number.NaN });
    for (const flow of [odd, wrong]) {
      await expect(
        store.commit([creation(root, { lease }), creation(flow)], 'process'),
      ).rejects.toMatchObject({ code: 'STORE_WRITE_INVALID', retryable: false });
    }
    expect(await store.runs({})).toEqual([]);
  });

  it('never holds up the host while 10,000 tasks fan out and are read back', async () => {
    const store = await openStore(await scratchFile());
    await store.commit([creation(root, { lease })], 'process');
    const batches = Array.from({ length: 50 }, (_, batch) =>
      Array.from({ length: 200 }, (__, n): Write => {
        const task = sampleTask(1 + batch * 200 + n, root, { inputHash: 'h'.repeat(64) });
        return creation(task, { fence });
      }),
    );
    const longestTurn = watchTurns();
    for (const batch of batches) await store.commit(batch, 'machine');
    expect(await store.below(root.id)).toHaveLength(10_000);
    expect(longestTurn()).toBeLessThan(20);
  });
});
