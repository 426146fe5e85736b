import { beforeEach, describe, expect, it } from 'vitest';
import { memoryRunStore } from '../../src/store/memory/memory-run-store.ts';
import type { RunStore } from '../../src/store/run-store.ts';
import { faultyRunStore, THIEF } from '../../src/testing/faulty-run-store.ts';
import type { FaultyRunStore, RunStoreFault } from '../../src/testing/faulty-run-store.ts';
import { runStoreSuite } from '../../src/testing/run-store-suite.ts';
import { advanced, creation, RUNNING, sampleFlow, update } from '../../src/testing/sample-runs.ts';

const root = sampleFlow(1);
const start = creation(root, { lease: { holder: 'me', ttl: 1000 } });
const fence = { rootId: root.id, epoch: 1 };
const next = advanced(root, RUNNING);

describe('faultyRunStore', () => {
  let inner: RunStore;

  beforeEach(async () => {
    inner = memoryRunStore();
    await inner.open();
  });

  function faulty(...faults: RunStoreFault[]): FaultyRunStore {
    return faultyRunStore(inner, faults);
  }

  it('fails the nth call before it is applied', async () => {
    const store = faulty({ call: 'commit', nth: 2, does: 'fails' });
    await store.commit([start], 'process');
    const failed = store.commit([update(next, { fence })], 'process');
    await expect(failed).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    expect(await store.run(root.id)).toEqual(root);
    expect(await store.commit([update(next, { fence })], 'process')).toEqual([{ ok: true }]);
    expect(store.calls('commit')).toBe(3);
  });

  it('loses the answer of a call that was applied', async () => {
    const error = new Error('gone');
    const store = faulty({ call: 'commit', nth: 1, does: 'loses-answer', error });
    await expect(store.commit([start], 'process')).rejects.toBe(error);
    expect(await store.run(root.id)).toEqual(root);
  });

  it('holds a commit, and those behind it, until released', async () => {
    const store = faulty({ call: 'commit', nth: 1, does: 'waits' });
    const first = store.commit([start], 'process');
    const second = store.commit([update(next, { fence })], 'process');
    await store.waiting('commit');
    expect(await store.run(root.id)).toBeUndefined();
    store.release();
    expect(await Promise.all([first, second])).toEqual([[{ ok: true }], [{ ok: true }]]);
    expect(await store.run(root.id)).toEqual(next);
  });

  it('lets a lease be lost at a commit', async () => {
    const store = faulty({ call: 'commit', nth: 2, does: 'loses-lease' });
    await store.commit([start], 'process');
    const outcomes = await store.commit([update(next, { fence })], 'process');
    expect(outcomes).toEqual([{ ok: false, conflict: 'fence' }]);
    const [open] = await store.openRuns();
    expect(open?.lease).toMatchObject({ holder: THIEF, epoch: 2 });
  });

  it('is unavailable for a while', async () => {
    const store = faulty({ nth: 2, times: 3, does: 'fails' });
    await store.commit([start], 'process');
    await expect(store.run(root.id)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(store.openRuns()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(store.runs({})).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await store.run(root.id)).toEqual(root);
  });
});

runStoreSuite('faultyRunStore without faults', async () => {
  const store = faultyRunStore(memoryRunStore(), []);
  await store.open();
  return { store, close: () => store.close() };
});
