import { describe, expect, it } from 'vitest';
import { createEngine, flow, memoryRunStore, task } from '@holdfast/core';
import type { RunStore, Write } from '../../src/store/run-store.ts';

const noop = task(async (n: number) => n, { name: 'noop' });
const many = flow(
  async (count: number) => {
    await Promise.all(Array.from({ length: count }, (_, n) => noop.submit(n)));
  },
  { name: 'many' },
);

/** A store that notes what it is told of commits, and holds each up for a turn of the event loop. */
function watched() {
  const store = memoryRunStore();
  const committed: (readonly Write[])[] = [];
  const prepared: { readonly writes: readonly Write[]; readonly size: number }[] = [];
  let underWay = 0;
  const idle: boolean[] = [];
  const commit: RunStore['commit'] = async (writes, durability) => {
    committed.push(writes);
    underWay++;
    await new Promise((resolve) => setImmediate(resolve));
    underWay--;
    return store.commit(writes, durability);
  };
  const prepare: RunStore['prepare'] = (writes) => {
    prepared.push({ writes, size: writes.length });
    idle.push(underWay === 0);
  };
  const watching = new Proxy(store, {
    get: (target, name) => {
      if (name === 'commit') return commit;
      if (name === 'prepare') return prepare;
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return { store: watching, committed, prepared, idle };
}

describe('the writer', () => {
  it('tells the store of each full list while the one before is committed, and commits it as it was', async () => {
    const { store, committed, prepared, idle } = watched();
    const engine = createEngine({ store });
    await engine.run(many, [1000]);
    await engine.stop();
    expect(prepared.length).toBeGreaterThan(2);
    expect(idle).not.toContain(true);
    for (const { writes, size } of prepared) {
      const at = committed.indexOf(writes);
      expect(at).toBeGreaterThan(0);
      expect(committed[at]).toHaveLength(size);
    }
    const order = prepared.map(({ writes }) => committed.indexOf(writes));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  it('tells of none that may still grow', async () => {
    const { store, prepared } = watched();
    const engine = createEngine({ store });
    await engine.run(many, [100]);
    await engine.stop();
    expect(prepared).toEqual([]);
  });
});
