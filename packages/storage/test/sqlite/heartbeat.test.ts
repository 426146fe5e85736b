import type { Fence, LeaseRenewal, LeaseTerms } from '@holdfast/core';
import { creation, sampleFlow } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';
import { encodeWrites } from '../../src/record/encode-write.ts';
import { Heartbeat } from '../../src/sqlite/worker/heartbeat.ts';
import { behindItsBack, openStore, scratchFile } from './scratch.ts';

const TTL = 30_000;
const START = 1_000_000;
const root = sampleFlow(1);
const other = sampleFlow(2);
const fence: Fence = { rootId: root.id, epoch: 3 };

/** A heartbeat whose time is moved by hand. */
function heartbeat(isHeld: (fence: Fence) => boolean = () => true) {
  let now = START;
  let due: { at: number; every: number; call: () => void } | undefined;
  const renewed: { fences: readonly Fence[]; terms: LeaseTerms & { now: number } }[] = [];
  const renew = async (
    fences: readonly Fence[],
    terms: LeaseTerms & { now: number },
  ): Promise<LeaseRenewal[]> => {
    renewed.push({ fences, terms });
    return fences.map((one) => ({ rootId: one.rootId, held: isHeld(one) }));
  };
  const beat = new Heartbeat(renew, {
    now: () => now,
    every: (ms, call) => {
      due = { at: now + ms, every: ms, call };
      return () => (due = undefined);
    },
  });
  const pass = async (ms: number): Promise<void> => {
    const until = now + ms;
    while (due !== undefined && due.at <= until) {
      now = due.at;
      due.at += due.every;
      due.call();
      await Promise.resolve();
    }
    now = until;
  };
  return { beat, pass, renewed, time: () => now };
}

const terms = { holder: 'h', ttl: TTL, now: START };

const SHORT = { holder: 'h', ttl: 300 };

/** Each way to have a lease, with when it ends: by a store that leased nothing otherwise. */
const LEASED: { readonly [how: string]: (path: string) => Promise<number> } = {
  'made with its run': async (path) => {
    const store = await openStore(path);
    const now = Date.now();
    await store.commit([creation({ ...root, createdAt: now }, { lease: SHORT })], 'process');
    return now + SHORT.ttl;
  },
  acquired: async (path) => {
    const store = await openStore(path);
    await store.commit([creation(root)], 'process');
    const now = Date.now();
    await store.acquireLease({ ...SHORT, rootId: root.id, now });
    return now + SHORT.ttl;
  },
  renewed: async (path) => {
    const before = await openStore(path);
    await before.commit([creation(root, { lease: { holder: 'h', ttl: TTL } })], 'process');
    await before.close();
    const store = await openStore(path);
    const now = Date.now();
    await store.renewLeases([{ rootId: root.id, epoch: 1 }], { ...SHORT, now });
    return now + SHORT.ttl;
  },
  claimed: async (path) => {
    const store = await openStore(path);
    const state = { type: 'SCHEDULED', name: 'Scheduled', dueAt: 0 } as const;
    await store.commit([creation({ ...root, state, queue: 'work' })], 'process');
    const now = Date.now();
    const wanted = { queues: ['work'], flows: [root.name], tasks: [], limit: 1 };
    expect(await store.claim({ ...SHORT, ...wanted, now })).toHaveLength(1);
    return now + SHORT.ttl;
  },
};

describe('the heartbeat of a SQLite store', () => {
  it('renews in time what a silent host holds, with its terms and the present time', async () => {
    const { beat, pass, renewed } = heartbeat();
    beat.keep([fence], terms);
    await pass(TTL);
    expect(renewed).toEqual([
      { fences: [fence], terms: { ...terms, now: START + (TTL * 2) / 3 } },
      { fences: [fence], terms: { ...terms, now: START + TTL } },
    ]);
  });

  it('leaves it to a host that calls', async () => {
    const { beat, pass, renewed } = heartbeat();
    beat.keep([fence], terms);
    for (let third = 0; third < 9; third++) {
      beat.heard();
      await pass(TTL / 3);
    }
    expect(renewed).toEqual([]);
  });

  it('takes a host for hung that is silent for ten times of a lease', async () => {
    const { beat, pass, renewed, time } = heartbeat();
    beat.keep([fence], terms);
    await pass(TTL * 50);
    const last = renewed.at(-1)?.terms.now ?? 0;
    expect(last).toBe(START + TTL * 10);
    beat.heard();
    await pass(TTL);
    expect(renewed.at(-1)?.terms.now).toBe(time());
  });

  it('lets go of what was lost, and of what was given back', async () => {
    const { beat, pass, renewed } = heartbeat(({ rootId }) => rootId === root.id);
    const lost = { rootId: other.id, epoch: 1 };
    beat.keep([fence, lost], terms);
    await pass(TTL);
    expect(renewed.map(({ fences }) => fences)).toEqual([[fence, lost], [fence]]);
    beat.drop([fence]);
    await pass(TTL);
    expect(renewed).toHaveLength(2);
  });

  it('keeps what a batch has leased', async () => {
    const { beat, pass, renewed } = heartbeat();
    const run = { ...root, createdAt: START };
    beat.committed(encodeWrites([creation(run, { lease: { holder: 'h', ttl: TTL } })]));
    await pass(TTL);
    expect(renewed[0]?.fences).toEqual([{ rootId: root.id, epoch: 1 }]);
  });

  it('knows nothing of the time of a host with another clock', async () => {
    const { beat, pass, renewed } = heartbeat();
    beat.keep([fence], { ...terms, now: START + 3_600_000 });
    await pass(TTL);
    expect(renewed).toEqual([]);
  });

  it.each(Object.keys(LEASED))(
    'holds a lease that was %s by a host that gives its thread no turn',
    async (how) => {
      const path = await scratchFile();
      const until = await LEASED[how]!(path);
      const expiry = (): number =>
        behindItsBack(path, (file) => {
          const row = file.prepare('select expires_at from lease').get() as { expires_at: number };
          return row.expires_at;
        });
      const patience = Date.now() + 15_000;
      // Nothing is awaited: this thread has no turn meanwhile.
      while (expiry() <= until && Date.now() < patience);
      expect(expiry()).toBeGreaterThan(until);
    },
  );
});
