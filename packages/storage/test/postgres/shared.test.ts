import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunId } from '@holdfast/core';
import { advanced, COMPLETED, creation, sampleFlow, update } from '@holdfast/core/testing';
import { canRun, databases, openStore } from './scratch.ts';

const HOUR = 3_600_000;
const terms = { holder: 'h', ttl: 60_000 };

/** Resolves with the first call of `wake`. */
function woken(): { wake: () => void; called: Promise<void> } {
  const { promise: called, resolve: wake } = Promise.withResolvers<void>();
  return { wake, called };
}

describe.runIf(canRun)('stores of several hosts', () => {
  const kept = databases();
  let url = '';
  beforeEach(() => {
    url = kept.server.url(kept.fresh());
  });

  it("agree on the server's clock, whatever their own say", async () => {
    const right = await openStore(url);
    const now = Date.now();
    vi.spyOn(Date, 'now').mockImplementation(() => now + HOUR);
    const ahead = await openStore(url);
    vi.restoreAllMocks();
    const root = sampleFlow(1, { createdAt: now + HOUR });
    await ahead.commit([creation(root, { lease: terms })], 'machine');
    const [seenAhead] = await ahead.openRuns();
    const [seenRight] = await right.openRuns();
    expect(seenAhead?.lease.expiresAt).toBe(now + HOUR + terms.ttl);
    expect(Math.abs((seenRight?.lease.expiresAt ?? 0) - now - terms.ttl)).toBeLessThan(30_000);
    const ask = { rootId: root.id, holder: 'rival', ttl: 60_000 };
    const early = await ahead.acquireLease({ ...ask, now: now + HOUR });
    expect(early.granted).toBe(false);
    const late = await right.acquireLease({ ...ask, now: now + 10 * 60_000 });
    expect(late.granted).toBe(true);
  });

  it.each([true, false])(
    'tell each other what can be claimed and what has ended (notifications: %s)',
    async (notifications) => {
      const [here, there] = [
        await openStore(url, { notifications }),
        await openStore(url, { notifications }),
      ];
      const queued = sampleFlow(1, { queue: 'work' });
      const made = woken();
      await there.watch({ queues: ['work'] }, made.wake);
      await here.commit([creation(queued)], 'process');
      await made.called;
      const ended = woken();
      await there.watch({ runs: [queued.id] }, ended.wake);
      await here.commit([update(advanced(queued, COMPLETED))], 'machine');
      await ended.called;
    },
  );

  it('need no notifications of the server, where they are not to be used', async () => {
    const store = await openStore(url, { notifications: false });
    await store.watch({ queues: ['work'] }, () => undefined);
    const listening = `select count(*) from pg_stat_activity where query like 'listen %'`;
    expect(kept.server.sql(listening)).toBe('0');
    await (await openStore(url)).watch({ queues: ['work'] }, () => undefined);
    expect(kept.server.sql(listening)).toBe('1');
  });

  it('hear the news again after the server was restarted', async () => {
    const [here, there] = [await openStore(url), await openStore(url)];
    const restarted = woken();
    await there.watch({ queues: ['work'] }, restarted.wake);
    await kept.server.restart('fast');
    // Whatever was missed meanwhile is told by one call.
    await restarted.called;
    const again = woken();
    await there.watch({ queues: ['work'] }, again.wake);
    await here.commit([creation(sampleFlow(1, { queue: 'work' }))], 'process');
    await again.called;
  });

  it('claim each run once, however many ask at the same time', async () => {
    const stores = await Promise.all(Array.from({ length: 4 }, () => openStore(url)));
    const runs = Array.from({ length: 200 }, (_, n) => sampleFlow(n + 1, { queue: 'work' }));
    await stores[0]?.commit(
      runs.map((run) => creation(run)),
      'process',
    );
    const ask = { ...terms, queues: ['work'], flows: [sampleFlow(1).name], tasks: [], limit: 3 };
    const given: RunId[] = [];
    await Promise.all(
      stores.map(async (store) => {
        for (let more = true; more;) {
          const claimed = await store.claim({ ...ask, now: Date.now() });
          given.push(...claimed.map(({ run }) => run.id));
          more = claimed.length > 0;
        }
      }),
    );
    expect(given.toSorted()).toEqual(runs.map(({ id }) => id).toSorted());
  });
});
