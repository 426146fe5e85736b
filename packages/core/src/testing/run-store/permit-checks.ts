import assert from 'node:assert/strict';
import type { PermitGrant, PermitRequest, PermitWish } from '../../store/shared-state.ts';
import type { RunStore } from '../../store/run-store.ts';
import { SAMPLE_TIME } from '../sample-runs.ts';
import { HOLDER, RIVAL } from './check.ts';
import type { RunStoreCheck } from './check.ts';

const TTL = 60_000;

function wish(limit: string, capacity: number, more: Partial<PermitWish> = {}): PermitWish {
  return { limit, capacity, slots: 1, ...more };
}

function ask(
  store: RunStore,
  id: string,
  wishes: readonly PermitWish[],
  more: Partial<PermitRequest> = {},
): Promise<PermitGrant> {
  const { holder } = HOLDER;
  return store.acquirePermits({ id, holder, wishes, now: SAMPLE_TIME, ttl: TTL, ...more });
}

async function isGranted(grant: Promise<PermitGrant>): Promise<boolean> {
  return (await grant).granted;
}

/** Limits and rates: who may go on, and who has to wait. */
export const permitChecks: readonly RunStoreCheck[] = [
  {
    name: 'permits are granted up to the capacity of a limit, in slots, and free when given back',
    async run({ store }) {
      const db = wish('db', 3);
      assert.ok(await isGranted(ask(store, 'a', [{ ...db, slots: 2 }])));
      const blocked = await ask(store, 'b', [{ ...db, slots: 2 }]);
      const permit = {
        limit: 'db',
        id: 'a',
        holder: HOLDER.holder,
        slots: 2,
        expiresAt: SAMPLE_TIME + TTL,
      };
      assert.deepEqual(blocked, {
        granted: false,
        blocks: [{ limit: 'db', permits: [permit] }],
      });
      assert.ok(await isGranted(ask(store, 'c', [db])));
      assert.ok(await isGranted(ask(store, 'x', [wish('other', 1)])));
      await store.releasePermits(HOLDER.holder, ['a', 'unknown']);
      assert.ok(await isGranted(ask(store, 'b', [{ ...db, slots: 2 }])));
      assert.ok(!(await isGranted(ask(store, 'd', [db]))));
    },
  },
  {
    name: 'of several limits all are granted, or none',
    async run({ store }) {
      assert.ok(await isGranted(ask(store, 'a', [wish('full', 1)])));
      const both = [wish('free', 1), wish('full', 1)];
      const blocked = await ask(store, 'b', both);
      assert.ok(!blocked.granted);
      assert.deepEqual(
        blocked.blocks.map(({ limit }) => limit),
        ['full'],
      );
      assert.ok(await isGranted(ask(store, 'c', [wish('free', 1)])));
    },
  },
  {
    name: 'a second request with the same id stands as it was granted',
    async run({ store }) {
      assert.ok(await isGranted(ask(store, 'a', [wish('db', 1)])));
      assert.ok(await isGranted(ask(store, 'a', [wish('db', 1)])));
      const rival = { holder: RIVAL.holder };
      assert.ok(!(await isGranted(ask(store, 'a', [wish('db', 1)], rival))));
    },
  },
  {
    name: 'permits are free once they expire, unless they are renewed, however late',
    async run({ store }) {
      await ask(store, 'a', [wish('db', 1)]);
      const at = (ms: number): Partial<PermitRequest> => ({ now: SAMPLE_TIME + ms });
      assert.ok(!(await isGranted(ask(store, 'b', [wish('db', 1)], at(TTL - 1)))));
      await store.renewPermits({ ...HOLDER, now: SAMPLE_TIME + TTL + 5, ttl: TTL });
      assert.ok(!(await isGranted(ask(store, 'b', [wish('db', 1)], at(2 * TTL)))));
      await store.renewPermits({ ...RIVAL, now: SAMPLE_TIME + 2 * TTL, ttl: TTL });
      assert.ok(await isGranted(ask(store, 'b', [wish('db', 1)], at(2 * TTL + 5))));
    },
  },
  {
    name: 'permits of another holder are not given back, those of a dead one are taken',
    async run({ store }) {
      await ask(store, 'a', [wish('db', 1)]);
      await store.releasePermits(RIVAL.holder, ['a']);
      const rival = { holder: RIVAL.holder };
      assert.ok(!(await isGranted(ask(store, 'b', [wish('db', 1)], rival))));
      const deadHolders = [HOLDER.holder];
      assert.ok(await isGranted(ask(store, 'b', [wish('db', 1)], { ...rival, deadHolders })));
      assert.ok(!(await isGranted(ask(store, 'c', [wish('db', 1)]))));
    },
  },
  {
    name: 'a rate stays taken until its time, whatever becomes of its holder',
    async run({ store }) {
      const api = wish('api', 2, { per: 1000 });
      const at = (ms: number): Partial<PermitRequest> => ({ now: SAMPLE_TIME + ms });
      assert.ok(await isGranted(ask(store, 'a', [api])));
      assert.ok(await isGranted(ask(store, 'b', [api], at(400))));
      await store.releasePermits(HOLDER.holder, ['a', 'b']);
      await store.renewPermits({ ...HOLDER, now: SAMPLE_TIME + 500, ttl: TTL });
      const deadHolders = [HOLDER.holder];
      const blocked = await ask(store, 'c', [api], { ...at(999), deadHolders });
      assert.ok(!blocked.granted);
      assert.deepEqual(blocked.blocks[0]?.permits.map(({ expiresAt }) => expiresAt).toSorted(), [
        SAMPLE_TIME + 1000,
        SAMPLE_TIME + 1400,
      ]);
      assert.ok(await isGranted(ask(store, 'c', [api], at(1000))));
      assert.ok(!(await isGranted(ask(store, 'd', [api], at(1399)))));
    },
  },
  {
    name: 'permits are read by their limits, until they are given back',
    async run({ store }) {
      await ask(store, 'a', [wish('db', 3, { slots: 2 }), wish('disk', 1)]);
      await ask(store, 'b', [wish('api', 1, { per: 1000 })], { holder: RIVAL.holder });
      await ask(store, 'c', [wish('db', 3)]);
      const { holder } = HOLDER;
      const expiresAt = SAMPLE_TIME + TTL;
      const a = { limit: 'db', id: 'a', holder, slots: 2, expiresAt };
      const c = { limit: 'db', id: 'c', holder, slots: 1, expiresAt };
      const rate = { limit: 'api', id: 'b', slots: 1, expiresAt: SAMPLE_TIME + 1000 };
      assert.deepEqual(await store.permits(['db']), [a, c]);
      assert.deepEqual(await store.permits(['api', 'db', 'none']), [
        a,
        { ...rate, holder: RIVAL.holder },
        c,
      ]);
      assert.deepEqual(await store.permits([]), []);
      await store.releasePermits(holder, ['a']);
      assert.deepEqual(await store.permits(['db', 'disk']), [c]);
    },
  },
  {
    name: 'of overlapping requests for the last slot exactly one is granted',
    async run({ store }) {
      const asked = Array.from({ length: 8 }, (_, n) => ask(store, `r${n}`, [wish('db', 3)]));
      const granted = (await Promise.all(asked)).filter((grant) => grant.granted);
      assert.equal(granted.length, 3);
    },
  },
];
