import { describe, expect, it } from 'vitest';
import { flow, memoryRunStore, runContext, task } from '@holdfast/core';
import { faultyRunStore, THIEF, type RunStoreFault } from '@holdfast/core/testing';
import {
  aborted,
  bench,
  durableStore,
  expectNoUnhandledRejections,
  gate,
  turns,
} from './support.ts';

expectNoUnhandledRejections();

const ok = task(async (n: number) => n, { name: 'ok' });
const obedient = task(
  async () => {
    await aborted(runContext().signal);
    throw runContext().signal.reason;
  },
  { name: 'obedient' },
);

function faulty(...faults: RunStoreFault[]) {
  const inner = durableStore();
  return { inner, store: { ...faultyRunStore(inner, faults), durable: true } };
}

describe('a store that refuses a write', () => {
  it.each(['fails', 'loses-answer'] as const)(
    'that %s: the run rejects with what the store threw, whichever commit it is',
    async (does) => {
      const f = flow(async () => (await ok(1)) + (await ok(2)), { name: 'f' });
      for (let nth = 1; nth <= 6; nth++) {
        const { store } = faulty({ call: 'commit', nth, does });
        const b = bench({ store });
        const result = b.engine.run(f);
        await expect(result, `commit ${nth}`).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
        expect(b.told).not.toContain('f COMPLETED/Completed');
        await b.engine.stop();
      }
    },
  );

  it('leaves the run to a recovery, even if the flow catches the failure', async () => {
    const f = flow(() => ok(1).catch(() => 'swallowed'), { name: 'f' });
    const { inner, store } = faulty({ call: 'commit', nth: 3, does: 'fails' });
    const b = bench({ store });
    await expect(b.engine.run(f)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const [open] = await inner.openRuns();
    expect(open?.run.state.type).toBe('RUNNING');
    expect(open?.lease.holder).toBe('');
    const two = bench({ store: inner, flows: [f] });
    const { resumed } = await two.engine.recover();
    expect(await resumed[0]?.result()).toBe(1);
  });

  it('stops what else is under way', async () => {
    let reason: unknown;
    const watching = task(
      async () => {
        const { signal } = runContext();
        await aborted(signal);
        reason = signal.reason;
      },
      { name: 'watching' },
    );
    const f = flow(
      async () => {
        const other = watching.submit();
        await turns();
        await ok(1);
        return other;
      },
      { name: 'f' },
    );
    const { store } = faulty({ call: 'commit', nth: 4, does: 'fails' });
    await expect(bench({ store }).engine.run(f)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect(reason).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('when it is opened can be opened later', async () => {
    const { store } = faulty({ call: 'open', nth: 1, does: 'fails' });
    const b = bench({ store });
    await expect(b.engine.runs()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await b.engine.runs()).toEqual([]);
  });

  it('keeps no recorded value that a run has gone on with', async () => {
    const { store } = faulty({ call: 'commit', nth: 3, does: 'fails' });
    const f = flow(
      async () => {
        const id = runContext().uuid();
        await turns();
        return id;
      },
      { name: 'f' },
    );
    await expect(bench({ store }).engine.run(f)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
  });
});

describe('a lease that was taken over', () => {
  it.each([2, 3, 4, 5])(
    'ends the run with LEASE_LOST, unwritten from commit %d on',
    async (nth) => {
      const f = flow(async () => (await ok(1)) + (await ok(2)), { name: 'f' });
      const { inner, store } = faulty({ call: 'commit', nth, does: 'loses-lease' });
      const b = bench({ store });
      await expect(b.engine.run(f)).rejects.toMatchObject({ code: 'LEASE_LOST' });
      const before = JSON.stringify(await inner.runs({}));
      await b.engine.stop();
      expect(JSON.stringify(await inner.runs({}))).toBe(before);
      const [open] = await inner.openRuns();
      expect(open?.lease.holder).toBe(THIEF);
      expect(open?.run.state.type).not.toBe('COMPLETED');
    },
  );

  it('is noticed by assertLease, and by the renewal of each of several runs alone', async () => {
    const store = durableStore();
    const g = gate();
    const guarded = flow(
      async () => {
        await runContext().assertLease();
        await g.opened;
        return runContext().assertLease();
      },
      { name: 'guarded' },
    );
    const idle = flow(() => obedient(), { name: 'idle' });
    const b = bench({ store });
    const [one, two, three] = await Promise.all([
      b.engine.start(guarded, []),
      b.engine.start(idle, []),
      b.engine.start(idle, []),
    ]);
    await turns();
    for (const { run, lease } of await store.openRuns()) {
      if (run.id === three.id) continue;
      const now = b.clock.now();
      await store.acquireLease({
        rootId: run.id,
        holder: THIEF,
        ttl: 60_000,
        now,
        deadLease: lease,
      });
    }
    g.open();
    await expect(one.result()).rejects.toMatchObject({ code: 'LEASE_LOST' });
    await b.clock.advance(10_001);
    await expect(two.result()).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(await three.state()).toMatchObject({ type: 'RUNNING' });
    await three.cancel();
  });

  it('is kept while renewals fail and nobody takes it', async () => {
    const inner = durableStore();
    const broken = { call: 'renewLeases', nth: 1, times: 5, does: 'fails' } as const;
    const store = { ...faultyRunStore(inner, [broken]), durable: true };
    const g = gate();
    const f = flow(async () => g.opened.then(() => ok(1)), { name: 'f' });
    const b = bench({ store });
    const handle = await b.engine.start(f, []);
    await b.clock.advance(120_000);
    g.open();
    expect(await handle.result()).toBe(1);
  });
});

describe('what cannot be kept', () => {
  it('fails the task, or the flow, and says where it stands', async () => {
    const t = task(async () => ({ list: [1, () => 1] }), { name: 't', retries: 3 });
    const b = bench();
    const error = { code: 'NOT_SERIALISABLE', context: { path: 'list.1' } };
    await expect(b.engine.run(flow(() => t(), { name: 'f' }))).rejects.toMatchObject(error);
    expect(b.told).not.toContain('t SCHEDULED/AwaitingRetry');
    const own = flow(async () => new WeakMap(), { name: 'own' });
    await expect(b.engine.run(own)).rejects.toMatchObject({ code: 'NOT_SERIALISABLE' });
    expect((await b.engine.runs({ name: 'own' }))[0]?.state).toMatchObject({ type: 'FAILED' });
  });

  it('is refused as an argument of a flow on a durable store alone', async () => {
    class Socket {
      readonly open = true;
    }
    const f = flow(async (socket: Socket) => socket.open, { name: 'f' });
    await expect(bench().engine.run(f, [new Socket()])).rejects.toMatchObject({
      code: 'INPUT_NOT_SERIALISABLE',
    });
    expect(await bench({ store: memoryRunStore() }).engine.run(f, [new Socket()])).toBe(true);
  });
});
