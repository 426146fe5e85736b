import assert from 'node:assert/strict';
import type { FlowRun } from '../../model/run.ts';
import type { State } from '../../model/state.ts';
import { claimableFrom } from '../../store/claimable.ts';
import type { Claim, ClaimRequest } from '../../store/claims.ts';
import type { RunStore } from '../../store/run-store.ts';
import {
  advanced,
  COMPLETED,
  creation,
  RUNNING,
  SAMPLE_STATES,
  SAMPLE_TIME,
  sampleFlow,
  update,
} from '../sample-runs.ts';
import { commitAll, commitOne, HOLDER, idsOf, RIVAL } from './check.ts';
import type { RunStoreCheck } from './check.ts';

/** When the checks ask for claims. */
export const NOW = SAMPLE_TIME + 10_000;

/** Waits for its time, on a queue. */
export function waiting(dueAt: number = SAMPLE_TIME): State {
  return { type: 'SCHEDULED', name: 'Scheduled', dueAt };
}

/** Asks for what waits on the queue 'q', under {@link HOLDER}. */
export function ask(
  store: RunStore,
  differences: Partial<ClaimRequest> = {},
): Promise<readonly Claim[]> {
  const known = { flows: ['nightly'], tasks: ['dump'] };
  return store.claim({ ...HOLDER, ...known, queues: ['q'], now: NOW, limit: 10, ...differences });
}

/** The ids of claimed runs, in their order. */
export function claimedIds(claims: readonly Claim[]): readonly string[] {
  return idsOf(claims.map(({ run }) => run));
}

/** The nth sample flow, made with a queue and without a lease. */
export async function queued(
  store: RunStore,
  n: number,
  differences: Partial<FlowRun> = {},
): Promise<FlowRun> {
  const run = sampleFlow(n, { queue: 'q', state: waiting(), ...differences });
  await commitAll(store, creation(run));
  return run;
}

const taking: readonly RunStoreCheck[] = [
  {
    name: 'a run with a queue is claimed once, with its lease, at the next epoch',
    async run({ store }) {
      const run = await queued(store, 1);
      const lease = {
        rootId: run.id,
        holder: HOLDER.holder,
        epoch: 1,
        expiresAt: NOW + HOLDER.ttl,
      };
      assert.deepEqual(await ask(store), [{ run, lease }]);
      assert.deepEqual(await ask(store, RIVAL), []);
      assert.deepEqual(await ask(store), [], 'not even by who has it');
      assert.deepEqual((await store.openRuns())[0]?.lease, lease);
      const next = advanced(run, RUNNING);
      await commitAll(store, update(next, { fence: lease }));
      assert.deepEqual(await store.run(run.id), next);
    },
  },
  {
    name: 'of overlapping claims exactly one is given a run',
    async run({ store }) {
      for (let n = 1; n <= 20; n++) await queued(store, n);
      const asked = Array.from({ length: 8 }, (_, n) =>
        ask(store, { holder: `worker-${n}`, limit: 4 }),
      );
      const given = (await Promise.all(asked)).map(claimedIds);
      const rest = claimedIds(await ask(store, { limit: 100 }));
      const all = [...given.flat(), ...rest];
      assert.equal(new Set(all).size, all.length, 'a run was given twice');
      assert.equal(all.length, 20);
      for (const ids of given) assert.ok(ids.length <= 4, 'more than was asked for');
    },
  },
  {
    name: 'a run is claimed from its due time on, and without one at once',
    async run({ store }) {
      const later = await queued(store, 1, { state: waiting(NOW + 1) });
      assert.deepEqual(await ask(store), []);
      assert.deepEqual(claimedIds(await ask(store, { now: NOW + 1 })), [later.id]);
      const left = await queued(store, 2, { state: RUNNING });
      assert.deepEqual(claimedIds(await ask(store)), [left.id]);
    },
  },
  {
    name: 'a run is claimed in every state in which it can be, and in no other',
    async run({ store }) {
      const expected: string[] = [];
      for (const [n, state] of SAMPLE_STATES.entries()) {
        const { id } = await queued(store, n + 1, { state });
        if (claimableFrom({ state }) !== undefined) expected.push(id);
      }
      const claims = await ask(store, { now: NOW + 1_000_000, limit: 100 });
      assert.deepEqual(claimedIds(claims).toSorted(), expected);
    },
  },
  {
    name: 'a run that pauses or ends after it was claimed is not claimed again, and one that goes on is',
    async run({ store }) {
      const paused = await queued(store, 1, { state: RUNNING });
      const ended = await queued(store, 2, { state: RUNNING });
      const fences = (await ask(store)).map(({ lease }) => lease);
      const asleep = advanced(paused, { type: 'PAUSED', name: 'Paused', input: 'x' });
      const done = advanced(ended, COMPLETED);
      await commitAll(
        store,
        ...[asleep, done].map((run, n) => {
          const fence = fences[n];
          return update(run, fence === undefined ? {} : { fence });
        }),
      );
      await store.releaseLeases(fences);
      assert.deepEqual(await ask(store), []);
      await commitAll(store, update(advanced(asleep, waiting())));
      assert.deepEqual(claimedIds(await ask(store)), [paused.id]);
    },
  },
  {
    name: 'queues are served in the order asked for, each by due time and then by id, up to the limit',
    async run({ store }) {
      const second = await queued(store, 1, { queue: 'b' });
      const late = await queued(store, 2, { queue: 'a', state: waiting(SAMPLE_TIME + 5) });
      const early = await queued(store, 3, { queue: 'a', state: waiting(SAMPLE_TIME + 1) });
      const same = await queued(store, 4, { queue: 'a', state: waiting(SAMPLE_TIME + 1) });
      await queued(store, 5, { queue: 'c' });
      const first = await ask(store, { queues: ['a', 'b'], limit: 2 });
      assert.deepEqual(claimedIds(first), [early.id, same.id]);
      const rest = await ask(store, { queues: ['a', 'b', 'a'] });
      assert.deepEqual(claimedIds(rest), [late.id, second.id]);
      assert.deepEqual(await ask(store, { queues: [] }), []);
    },
  },
  {
    name: 'only runs of the flows and tasks that are asked for are given',
    async run({ store }) {
      for (let n = 1; n <= 5; n++) await queued(store, n, { name: 'unknown' });
      const known = await queued(store, 6);
      await queued(store, 7, { name: 'dump' });
      assert.deepEqual(await ask(store, { flows: [] }), []);
      assert.deepEqual(claimedIds(await ask(store, { limit: 1 })), [known.id]);
      assert.deepEqual(await ask(store), []);
      const [left, next] = [await queued(store, 8), await queued(store, 9)];
      assert.deepEqual(claimedIds(await ask(store, { without: [left.id] })), [next.id]);
      assert.deepEqual(claimedIds(await ask(store, { without: [next.id] })), [left.id]);
    },
  },
  {
    name: 'a run without a queue is not claimed',
    async run({ store }) {
      await commitAll(store, creation(sampleFlow(1, { state: waiting() })));
      assert.deepEqual(await ask(store, { queues: ['q', '', 'undefined', 'null'] }), []);
    },
  },
];

const keeping: readonly RunStoreCheck[] = [
  {
    name: 'a claim that expired is given to another, as the run stands, and the one before can write nothing',
    async run({ store }) {
      const run = await queued(store, 1);
      const [before] = await ask(store);
      assert.ok(before !== undefined);
      const begun = advanced(run, RUNNING);
      await commitAll(store, update(begun, { fence: before.lease }));
      const end = before.lease.expiresAt;
      assert.deepEqual(await ask(store, { ...RIVAL, now: end - 1 }), []);
      const [after] = await ask(store, { ...RIVAL, now: end });
      assert.deepEqual(after?.run, begun);
      assert.deepEqual([after?.lease.epoch, after?.lease.holder], [2, RIVAL.holder]);
      const late = update(advanced(begun, COMPLETED), { fence: before.lease });
      assert.deepEqual(await commitOne(store, late), { ok: false, conflict: 'fence' });
    },
  },
  {
    name: 'a claim that is renewed is given to nobody, and one that is released to the next at once',
    async run({ store }) {
      const run = await queued(store, 1);
      const [claim] = await ask(store);
      assert.ok(claim !== undefined);
      const late = NOW + HOLDER.ttl;
      const renewals = await store.renewLeases([claim.lease], { ...HOLDER, now: late });
      assert.deepEqual(renewals, [{ rootId: run.id, held: true }]);
      assert.deepEqual(await ask(store, { ...RIVAL, now: late }), []);
      await store.releaseLeases([claim.lease]);
      const [next] = await ask(store, RIVAL);
      assert.deepEqual([next?.run.id, next?.lease.epoch], [run.id, 2]);
    },
  },
  {
    name: 'claims that were taken are listed by their expiry, until they are given back',
    async run({ store }) {
      for (const n of [1, 2, 3]) await queued(store, n, { queue: n === 3 ? 'other' : 'q' });
      const queues = ['q', 'other'];
      assert.deepEqual(await store.claimed({ queues }), []);
      const [late] = await ask(store, { limit: 1, ttl: 90_000 });
      const [early] = await ask(store, { limit: 1 });
      const [other] = await ask(store, { queues: ['other'], ttl: 70_000 });
      assert.deepEqual(await store.claimed({ queues }), [early, other, late]);
      assert.deepEqual(await store.claimed({ queues: ['q'] }), [early, late]);
      assert.deepEqual(await store.claimed({ queues, limit: 1 }), [early]);
      assert.deepEqual(await store.claimed({ queues, expiredBy: NOW + 59_999 }), []);
      assert.deepEqual(await store.claimed({ queues, expiredBy: NOW + 70_000 }), [early, other]);
      await store.releaseLeases(early === undefined ? [] : [early.lease]);
      assert.deepEqual(await store.claimed({ queues: ['q'] }), [late]);
    },
  },
  {
    name: 'what waits on a queue is no open run before it is claimed, and when it was given back',
    async run({ store }) {
      const run = await queued(store, 1);
      await queued(store, 2, { state: waiting(NOW + 1_000_000) });
      assert.deepEqual(await store.openRuns(), []);
      const [claim] = await ask(store);
      assert.deepEqual(idsOf((await store.openRuns()).map((open) => open.run)), [run.id]);
      assert.ok(claim !== undefined);
      const paused = advanced(run, { type: 'PAUSED', name: 'Sleeping', until: NOW + 5 });
      await commitAll(store, update(paused, { fence: claim.lease }));
      await store.releaseLeases([claim.lease]);
      assert.deepEqual(idsOf((await store.openRuns()).map((open) => open.run)), [run.id]);
      await commitAll(store, update(advanced(paused, waiting())));
      assert.deepEqual(await store.openRuns(), []);
    },
  },
  {
    name: 'a request to cancel is told with the claim, and by the list',
    async run({ store }) {
      const { id: rootId } = await queued(store, 1);
      await commitAll(store, { kind: 'cancel-request', rootId, reason: 'not today' });
      assert.equal((await ask(store))[0]?.cancelReason, 'not today');
      const [listed] = await store.claimed({ queues: ['q'] });
      assert.equal(listed?.cancelReason, 'not today');
    },
  },
  {
    name: 'what waits on a queue, and what was claimed, is the same for the next process',
    needs: 'reopen',
    async run({ store, reopen }) {
      const run = await queued(store, 1);
      const next = await queued(store, 2);
      const claims = await ask(store, { limit: 1 });
      const again = (await reopen?.()) ?? store;
      assert.deepEqual(await again.claimed({ queues: ['q'] }), claims);
      assert.deepEqual(claimedIds(await ask(again, RIVAL)), [next.id]);
      assert.deepEqual(claimedIds(claims), [run.id]);
    },
  },
  {
    name: 'a record that does not parse is never claimed, and keeps back no other',
    needs: 'damage',
    async run({ store, damage }) {
      for (const n of [1, 2]) await damage?.((await queued(store, n)).id);
      const sound = await queued(store, 3);
      assert.deepEqual(claimedIds(await ask(store, { limit: 1 })), [sound.id]);
      assert.deepEqual(await ask(store, { limit: 1 }), []);
      assert.equal((await store.claimed({ queues: ['q'] })).length, 1);
    },
  },
];

/** Runs that wait on queues, and who may execute them. */
export const claimChecks: readonly RunStoreCheck[] = [...taking, ...keeping];
