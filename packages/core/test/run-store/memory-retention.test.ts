import { describe, expect, it } from 'vitest';
import { createEngine, flow, memoryRunStore, task, type RunId } from '@holdfast/core';

const double = task(async (n: number) => n * 2, { name: 'double' });
const doubles = flow(
  async (count: number) => double.map(Array.from({ length: count }, (_, n) => n)),
  {
    name: 'doubles',
  },
);

async function runs(keepEnded: number, ...counts: number[]) {
  const store = memoryRunStore({ keepEnded });
  const engine = createEngine({ store });
  const ids: RunId[] = [];
  for (const count of counts) {
    const handle = await engine.start(doubles, [count]);
    await handle.result();
    ids.push(handle.id);
  }
  const kept = await Promise.all(
    ids.map(async (id) => ((await store.run(id)) ? (await store.below(id)).length : undefined)),
  );
  return { store, engine, ids, kept };
}

describe('what a memory run store keeps of ended runs', () => {
  it('is all of them while there are few', async () => {
    const { kept } = await runs(9, 2, 2, 2);
    expect(kept).toEqual([2, 2, 2]);
  });

  it('is the latest, with everything below them, when there are more', async () => {
    const { store, ids, kept } = await runs(6, 2, 2, 2);
    expect(kept).toEqual([undefined, 2, 2]);
    expect(await store.history(ids[0] as RunId)).toEqual([]);
    expect(await store.runs({ rootId: ids[0] as RunId })).toEqual([]);
    expect(await store.runs({ name: 'double', limit: 10 })).toHaveLength(4);
  });

  it('is the record and history of the last one, even if more is below it than is kept', async () => {
    const { store, ids, kept } = await runs(3, 1, 5);
    expect(kept).toEqual([undefined, 0]);
    expect(await store.run(ids[1] as RunId)).toMatchObject({ state: { type: 'COMPLETED' } });
    expect(await store.history(ids[1] as RunId)).toHaveLength(3);
  });

  it('is counted anew by a smaller one that follows', async () => {
    const { kept } = await runs(4, 5, 2);
    expect(kept).toEqual([0, 2]);
  });

  it('frees idempotency keys with the runs that had them', async () => {
    const engine = createEngine({ store: memoryRunStore({ keepEnded: 0 }) });
    const start = async () => engine.start(doubles, [0], { idempotencyKey: 'today' });
    const first = await start();
    await first.result();
    expect((await start()).id).toBe(first.id);
    await engine.run(doubles, [0]);
    const second = await start();
    await second.result();
    expect(second.id).not.toBe(first.id);
  });

  it('leaves alone what runs, and what has hooks that are due', async () => {
    const store = memoryRunStore({ keepEnded: 0 });
    const engine = createEngine({ store });
    const { promise: told, resolve: tell } = Promise.withResolvers<void>();
    const hooked = flow(async () => double(1), { name: 'hooked', onSuccess: () => told });
    const waiting = await engine.start(hooked, []);
    await engine.run(doubles, [3]);
    await engine.run(doubles, [3]);
    expect(await store.below(waiting.id)).toHaveLength(1);
    tell();
    await waiting.result();
    await engine.run(doubles, [3]);
    expect(await store.run(waiting.id)).toBeUndefined();
  });

  it('has a bound that makes sense', () => {
    for (const keepEnded of [-1, Number.NaN]) {
      expect(() => memoryRunStore({ keepEnded })).toThrow(
        expect.objectContaining({ code: 'OPTIONS_INVALID' }),
      );
    }
    memoryRunStore({ keepEnded: Infinity });
  });
});
