import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  createEngine,
  flow,
  memoryObjectStore,
  memoryRunStore,
  type ObjectStore,
  ObjectStoreError,
} from '@holdfast/core';
import { crashAtEveryStep } from '@holdfast/core/testing';
import { localObjectStore } from '@holdfast/storage/local';
import { listBackups, pruneBackups, pruneStore, type PruneOptions } from '@holdfast/backups';
import { forge } from './support/forged.ts';
import { overriding } from './support/overriding.ts';
import { keysOf, testRooms } from './support/rooms.ts';

const rooms = testRooms();
const DAY = 86_400_000;
const NOW = Date.UTC(2026, 0, 10);
const policy = { daily: 2 };
let store: ObjectStore;
let ids: string[];

/** Five days in a row; the newest last. */
async function fill(into: ObjectStore): Promise<string[]> {
  const found: string[] = [];
  for (let day = 5; day > 0; day--) found.push((await forge(into, NOW - day * DAY)).id);
  return found;
}

function prune(options: Partial<PruneOptions> = {}) {
  return pruneStore({ store, policy, now: () => NOW, ...options });
}

async function listed(from = store): Promise<string[]> {
  const { backups } = await listBackups(from, { now: () => NOW });
  return backups.map(({ manifest }) => manifest.id).toSorted();
}

beforeEach(async () => {
  store = memoryObjectStore({ name: 'primary' });
  ids = await fill(store);
});

describe('pruning', () => {
  it('removes what the policy does not keep, whole, and nothing else', async () => {
    const before = await keysOf(store);
    const { removed, kept, failures } = await prune();
    expect(removed.map(({ id }) => id)).toEqual(ids.slice(0, 3));
    expect(removed[0]?.reasons).toEqual(['no rule has a slot for it']);
    expect(kept.map(({ id }) => id).toSorted()).toEqual(ids.slice(3));
    expect(failures).toEqual([]);
    const rest = before.filter((key) => ids.slice(3).some((id) => key.includes(id)));
    expect(await keysOf(store)).toEqual(rest);
  });

  it('only plans when it is to run dry', async () => {
    const before = await keysOf(store);
    const { removed, dryRun } = await prune({ dryRun: true });
    expect(removed.map(({ id }) => id)).toEqual(ids.slice(0, 3));
    expect(dryRun).toBe(true);
    expect(await keysOf(store)).toEqual(before);
  });

  it('removes nothing more the second time', async () => {
    await prune();
    expect((await prune()).removed).toEqual([]);
  });

  it('prunes one set when one is named', async () => {
    for (let day = 5; day > 0; day--) await forge(store, NOW - day * DAY, 'restored', 'site');
    const { removed } = await prune({ set: 'site' });
    expect(removed.map(({ set }) => set)).toEqual(['site', 'site', 'site']);
    expect((await prune()).removed.map(({ id }) => id)).toEqual(ids.slice(0, 3));
  });

  it('refuses a policy before it looks at the store', async () => {
    const list = () => expect.fail('the store was listed');
    const refused = prune({ store: overriding(store, { list }), policy: { daily: 0 } });
    await expect(refused).rejects.toMatchObject({ code: 'RETENTION_EMPTY' });
  });

  it('ends where its lease is lost', async () => {
    const beforeRemove = () => Promise.reject(new Error('lost'));
    await expect(prune({ beforeRemove })).rejects.toThrow('lost');
    expect(await listed()).toEqual(ids);
  });
});

describe('what cannot be removed', () => {
  it('stays visible, keeps none of the others, and is removed the next time', async () => {
    const bad = `${ids[1]}/b.sqlite`;
    const stubborn = overriding(store, {
      delete: (key) =>
        key.endsWith(bad)
          ? Promise.reject(new ObjectStoreError('denied', 'Not this one.'))
          : store.delete(key),
    });
    const { removed, failures } = await prune({ store: stubborn });
    expect(removed.map(({ id }) => id)).toEqual([ids[0], ids[2]]);
    expect(failures).toMatchObject([{ id: ids[1], code: 'OBJECT_STORE_DENIED' }]);
    const { removals } = await listBackups(store);
    expect(removals).toMatchObject([{ set: 'orders', id: ids[1] }]);
    expect(removals[0]?.bytes).toBeGreaterThan(20);
    expect(await listed()).toEqual(ids.slice(3));
    const next = await prune();
    expect(next.finished).toEqual([{ set: 'orders', id: ids[1] }]);
    expect((await listBackups(store)).removals).toEqual([]);
    expect((await keysOf(store)).filter((key) => key.includes(ids[1]!))).toEqual([]);
  });

  it('is not touched while the store keeps it', async () => {
    const keeping = overriding(store, {
      retainedUntil: async (key) => (key.includes(ids[0]!) ? NOW + DAY : NOW - DAY),
    });
    const { failures } = await prune({ store: keeping });
    expect(failures).toMatchObject([{ id: ids[0], code: 'BACKUP_RETAINED' }]);
    expect(await listed()).toEqual([ids[0], ...ids.slice(3)]);
  });

  it('a backup that was replaced since it was planned is left alone', async () => {
    const replaced = overriding(store, {
      async *get(key) {
        for await (const chunk of store.get(key)) yield chunk;
        if (!key.endsWith(`${ids[0]}/manifest.json`)) return;
        await store.put(key, Buffer.from('{}'));
      },
    });
    const { failures } = await prune({ store: replaced });
    expect(failures).toMatchObject([{ id: ids[0], code: 'MANIFEST_INVALID' }]);
    expect(await keysOf(store)).toContain(`orders/2026/01/${ids[0]}/a.sqlite`);
  });
});

/** A store whose process dies at one of its writes: nothing comes after. */
function dyingAt(inner: ObjectStore, step: number, when: 'before' | 'after') {
  const fate = { steps: 0 };
  const died = () => new Error('the process died');
  async function write<T>(work: () => Promise<T>): Promise<T> {
    fate.steps += 1;
    if (fate.steps > step || (fate.steps === step && when === 'before')) throw died();
    const result = await work();
    if (fate.steps === step) throw died();
    return result;
  }
  const dying = overriding(inner, {
    put: (...args) => write(() => inner.put(...args)),
    delete: (...args) => write(() => inner.delete(...args)),
  });
  return { dying, fate };
}

async function crashed(step: number, when: 'before' | 'after') {
  const local = localObjectStore(join(rooms.root, `${when}-${step}`));
  const all = await fill(local);
  const { dying } = dyingAt(local, step, when);
  const end = await prune({ store: dying }).then(
    () => 'ended',
    () => 'died',
  );
  return { local, all, end };
}

describe('a prune that dies', () => {
  it.each(['before', 'after'] as const)(
    'just %s any of its writes leaves whole backups and what the next one ends',
    async (when) => {
      let step = 1;
      for (; ; step++) {
        const { local, all, end } = await crashed(step, when);
        const { backups, problems } = await listBackups(local, { now: () => NOW });
        // Whatever is still listed is whole, and proven as before.
        expect(problems).toEqual([]);
        expect(new Set(backups.map(({ proof }) => proof.level))).toEqual(new Set(['restored']));
        expect(await listed(local)).toEqual(expect.arrayContaining(all.slice(3)));
        await prune({ store: local });
        expect(await listed(local)).toEqual(all.slice(3));
        const rest = await keysOf(local);
        expect(rest).toHaveLength(2 * 4);
        if (end === 'ended') break;
      }
      // For each of three: a note, the manifest, two artifacts, a record, the note again.
      expect(step).toBe(3 * 6 + 1);
    },
    60_000,
  );

  it('leaves no note at a backup that is kept after all', async () => {
    const { local, all } = await crashed(1, 'after');
    expect((await keysOf(local)).filter((key) => key.endsWith('removing.json'))).toHaveLength(1);
    await prune({ store: local, policy: { daily: 5 } });
    expect(await keysOf(local)).toHaveLength(5 * 4);
    expect(await listed(local)).toEqual(all);
  });
});

describe('the task', () => {
  const pruned = flow(
    async () => (await pruneBackups({ store: 'primary', policy })).kept.map(({ id }) => id),
    { name: 'pruned' },
  );

  it('gives the same whenever its process dies', async () => {
    let local = store;
    const primary = new Proxy(store, {
      get: (_, name) => {
        const value: unknown = Reflect.get(local, name, local);
        return typeof value === 'function' ? value.bind(local) : value;
      },
    });
    const { crashes, result } = await crashAtEveryStep(pruned, {
      engine: { resources: { primary } },
      prepare: async () => {
        // In memory: the clock of this test does not wait for a disk.
        local = memoryObjectStore({ name: 'primary' });
        await fill(local);
      },
      check: async () => expect(await listed(local)).toEqual(ids.slice(3)),
    });
    expect(result.toSorted()).toEqual(ids.slice(3));
    expect(crashes).toBeGreaterThan(3);
  }, 60_000);

  it('waits for whatever else has the limit of its set', async () => {
    const engine = createEngine({
      store: memoryRunStore(),
      resources: { primary: store },
      limits: { 'set:orders': 1 },
    });
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const limits = ['set:orders'];
    const drill = flow(
      async () => {
        begin();
        await held;
      },
      { name: 'drill', limits },
    );
    const prunes = flow(
      async () => pruneBackups.with({ limits })({ store: 'primary', policy, set: 'orders' }),
      { name: 'prunes' },
    );
    const drilling = await engine.start(drill, []);
    await begun;
    const waits = new Promise<void>((resolve) => {
      engine.events.on('state', ({ state }) => {
        if ('name' in state && state.name === 'AwaitingSlot') resolve();
      });
    });
    const pruning = await engine.start(prunes, []);
    await waits;
    expect(await listed()).toEqual(ids);
    letGo();
    await drilling.result();
    await pruning.result();
    expect((await listed()).length).toBeLessThan(5);
    await engine.stop();
  });
});
