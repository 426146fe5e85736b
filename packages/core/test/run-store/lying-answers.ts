import type { RunId } from '../../src/model/ids.ts';
import type { Run } from '../../src/model/run.ts';
import type { LyingStore } from './lie.ts';

/** Lies about leases. */
export const LYING_LEASES: readonly LyingStore[] = [
  {
    lie: 'grants without raising the epoch',
    caughtBy: 'a lease ends at the millisecond at which it expires, and taking it raises the epoch',
    tell: (inner) => ({
      acquireLease: async (request) => {
        const { granted, lease } = await inner.acquireLease(request);
        return { granted, lease: { ...lease, epoch: granted ? lease.epoch - 1 : lease.epoch } };
      },
    }),
  },
  {
    lie: 'takes leases that are in force',
    caughtBy: 'a lease in force is granted to nobody, its own holder included',
    tell: (inner) => ({
      acquireLease: (request) => inner.acquireLease({ ...request, now: Number.MAX_SAFE_INTEGER }),
    }),
  },
  {
    lie: 'believes every report of a death',
    caughtBy: 'the lease of a dead holder is granted if it is exactly the one that was seen',
    tell: (inner) => ({
      acquireLease: (request) =>
        inner.acquireLease(
          request.deadLease === undefined
            ? request
            : { ...request, now: Number.MAX_SAFE_INTEGER - request.ttl },
        ),
    }),
  },
  {
    lie: 'counts the expiry from the renewal before',
    caughtBy: 'a renewal moves the expiry and nothing else, also after it passed',
    tell: (inner) => ({
      renewLeases: (fences, terms) => inner.renewLeases(fences, { ...terms, ttl: terms.ttl / 2 }),
    }),
  },
  {
    lie: 'does not release',
    caughtBy: 'a released lease is free at once, and its epoch is never granted again',
    tell: () => ({ releaseLeases: async () => undefined }),
  },
  {
    lie: 'releases what others hold',
    caughtBy: 'who lost a lease cannot release it',
    tell: (inner) => ({
      releaseLeases: async (fences) => {
        const open = await inner.openRuns();
        const present = fences.flatMap(({ rootId }) =>
          open.flatMap(({ lease }) =>
            lease.rootId === rootId ? [{ rootId, epoch: lease.epoch }] : [],
          ),
        );
        await inner.releaseLeases(present);
      },
    }),
  },
  {
    lie: 'renews what was lost',
    caughtBy: 'a lease that was taken over or released is not renewed',
    tell: (inner) => ({
      renewLeases: async (fences, terms) =>
        (await inner.renewLeases(fences, terms)).map(({ rootId }) => ({ rootId, held: true })),
    }),
  },
];

/** Lies about what is kept. */
export const LYING_READS: readonly LyingStore[] = [
  {
    lie: 'shares what it gives',
    caughtBy: 'changing what was given or received changes nothing in the store',
    tell: (inner) => {
      const given = new Map<RunId, Promise<Run | undefined>>();
      return {
        commit: (writes, durability) => {
          given.clear();
          return inner.commit(writes, durability);
        },
        run: (id) => {
          if (!given.has(id)) given.set(id, inner.run(id));
          return given.get(id) as Promise<Run | undefined>;
        },
      };
    },
  },
  {
    lie: 'reads what it is given only later',
    caughtBy: 'changing what was given or received changes nothing in the store',
    tell: (inner) => ({
      commit: async (writes, durability) => {
        await Promise.resolve();
        return inner.commit(writes, durability);
      },
    }),
  },
  {
    lie: 'sorts what is below a root by id',
    caughtBy: 'below a root is every run, however deep, in the order of making, and not the root',
    tell: (inner) => ({
      below: async (rootId) =>
        (await inner.below(rootId)).toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    }),
  },
  {
    lie: 'gives the first runs of a page again on the next',
    caughtBy: 'runs gives pages that join without gap or overlap, in either order',
    tell: (inner) => ({
      runs: async (query) => {
        const page = await inner.runs(query);
        const last = query.after === undefined ? undefined : await inner.run(query.after);
        return last === undefined || page.length === 0 ? page : [last, ...page].slice(0, -1);
      },
    }),
  },
  ...(['stateNames', 'schedule', 'createdFrom', 'createdBefore'] as const).map(
    (condition): LyingStore => ({
      lie: `lists runs whatever ${condition} says`,
      caughtBy: 'runs lists what the conditions describe, all of which hold',
      tell: (inner) => ({
        runs: ({ [condition]: _ignored, ...query }) => inner.runs(query),
      }),
    }),
  ),
  {
    lie: 'lists only leased runs as open',
    caughtBy: 'openRuns gives every top-level run that has not ended, oldest first, leased or not',
    tell: (inner) => ({
      openRuns: async () => (await inner.openRuns()).filter(({ lease }) => lease.holder !== ''),
    }),
  },
  {
    lie: 'forgets ended runs whose hooks are pending',
    caughtBy: 'openRuns gives an ended run while hooks at or below it are pending',
    tell: (inner) => ({
      openRuns: async () =>
        (await inner.openRuns()).filter(({ run }) => run.state.type !== 'COMPLETED'),
    }),
  },
  {
    lie: 'gives the history newest first',
    caughtBy: 'history is kept over all generations, oldest first',
    tell: (inner) => ({ history: async (id) => (await inner.history(id)).toReversed() }),
  },
  {
    lie: 'closes at once',
    caughtBy:
      'a closed store refuses every call with STORE_CLOSED, and closes again without effect',
    tell: () => ({ close: async () => undefined }),
  },
];
