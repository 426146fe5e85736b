import type { ClaimRequest } from '../../src/store/claims.ts';
import type { Fence, RunStore, Write, WriteOutcome } from '../../src/store/run-store.ts';
import type { LyingStore } from './lie.ts';

function asking(
  inner: RunStore,
  change: (request: ClaimRequest) => ClaimRequest,
): Partial<RunStore> {
  return { claim: (request) => inner.claim(change(request)) };
}

/** A write whose fence is changed. */
function refenced(write: Write, change: (fence: Fence) => Fence): Write {
  return 'fence' in write && write.fence !== undefined
    ? { ...write, fence: change(write.fence) }
    : write;
}

function isClaimed(write: Write): boolean {
  return 'fence' in write && write.fence?.runId !== undefined;
}

/** Lies about runs on queues. */
export const LYING_CLAIMS: readonly LyingStore[] = [
  {
    lie: 'claims without raising the epoch',
    caughtBy: 'a run with a queue is claimed once, with its lease, at the next epoch',
    tell: (inner) => ({
      claim: async (request) =>
        (await inner.claim(request)).map(({ lease, ...claim }) => ({
          ...claim,
          lease: { ...lease, epoch: lease.epoch - 1 },
        })),
    }),
  },
  {
    lie: 'looks for a run first and takes it later',
    caughtBy: 'of overlapping claims exactly one is given a run',
    tell: (inner) => asking(inner, (request) => ({ ...request, ttl: 0 })),
  },
  {
    lie: 'gives runs before they are due',
    caughtBy: 'a run is claimed from its due time on, and without one at once',
    tell: (inner) => asking(inner, (request) => ({ ...request, now: request.now + 1 })),
  },
  {
    lie: 'claims only what has a due time',
    caughtBy: 'a run is claimed in every state in which it can be, and in no other',
    tell: (inner) => ({
      claim: async (request) =>
        (await inner.claim(request)).filter(({ run }) => run.state.type === 'SCHEDULED'),
    }),
  },
  {
    lie: 'gives more than was asked for',
    caughtBy:
      'queues are served in the order asked for, each by due time and then by id, up to the limit',
    tell: (inner) => asking(inner, (request) => ({ ...request, limit: request.limit + 1 })),
  },
  {
    lie: 'serves the last queue first',
    caughtBy:
      'queues are served in the order asked for, each by due time and then by id, up to the limit',
    tell: (inner) =>
      asking(inner, (request) => ({ ...request, queues: request.queues.toReversed() })),
  },
  {
    lie: 'gives runs that the worker does not know',
    caughtBy: 'only runs of the flows and tasks that are asked for are given',
    tell: (inner) => asking(inner, (request) => ({ ...request, flows: ['nightly', 'unknown'] })),
  },
  {
    lie: 'gives a worker what it has given back',
    caughtBy: 'only runs of the flows and tasks that are asked for are given',
    tell: (inner) => asking(inner, ({ without: _without, ...request }) => request),
  },
  {
    lie: 'lets a claim expire early',
    caughtBy:
      'a claim that expired is given to another, as the run stands, and the one before can write nothing',
    tell: (inner) => asking(inner, (request) => ({ ...request, now: request.now + 1 })),
  },
  {
    lie: 'gives runs as they were when they were made',
    caughtBy:
      'a claim that expired is given to another, as the run stands, and the one before can write nothing',
    tell: (inner) => ({
      claim: async (request) =>
        (await inner.claim(request)).map((claim) => ({
          ...claim,
          run: { ...claim.run, version: 1 },
        })),
    }),
  },
  {
    lie: 'lists claims that have not expired',
    caughtBy: 'claims that were taken are listed by their expiry, until they are given back',
    tell: (inner) => ({ claimed: ({ expiredBy: _by, ...query }) => inner.claimed(query) }),
  },
  {
    lie: 'does not tell that a cancel was asked for',
    caughtBy: 'a request to cancel is told with the claim, and by the list',
    tell: (inner) => ({
      claim: async (request) =>
        (await inner.claim(request)).map(({ cancelReason: _reason, ...claim }) => claim),
    }),
  },
  {
    lie: 'takes a request to stop one task run for one to stop its root',
    caughtBy:
      'a task run is told to stop by itself, the first reason stays, and its next generation is not',
    tell: (inner) => ({
      commit: (writes, durability) =>
        inner.commit(
          writes.map((write) => {
            if (write.kind !== 'cancel-request') return write;
            const { runId: _run, ...ofRoot } = write;
            return ofRoot;
          }),
          durability,
        ),
    }),
  },
  {
    lie: 'lists the claims of others as those of a holder',
    caughtBy:
      'a task run is told to stop by itself, the first reason stays, and its next generation is not',
    tell: (inner) => ({ claimed: ({ holder: _holder, ...query }) => inner.claimed(query) }),
  },
  {
    lie: 'leaves a task run that is paused to who has died',
    caughtBy: 'a task run that is paused is claimed once its lease has expired',
    tell: (inner) => ({
      claim: async (request) =>
        (await inner.claim(request)).filter(({ run }) => run.state.type !== 'PAUSED'),
    }),
  },
  {
    lie: 'counts what waits on a queue among the open runs',
    caughtBy:
      'what waits on a queue is no open run before it is claimed, and when it was given back',
    tell: (inner) => ({
      openRuns: async () => {
        const runs = await inner.runs({ topLevel: true, states: ['SCHEDULED'] });
        const waiting = runs.flatMap((run) => {
          const lease = { rootId: run.id, holder: '', epoch: 0, expiresAt: 0 };
          return run.kind === 'flow' ? [{ run, lease }] : [];
        });
        return [...(await inner.openRuns()), ...waiting];
      },
    }),
  },
  {
    lie: 'lets nobody write but who holds the root',
    caughtBy:
      'who claimed a task run writes it and what is below it, also when its root goes to another holder',
    tell: (inner) => ({
      commit: async (writes, durability) => {
        if (!writes.some(isClaimed)) return inner.commit(writes, durability);
        return writes.map((): WriteOutcome => ({ ok: false, conflict: 'fence' }));
      },
    }),
  },
  {
    lie: 'takes the claim of a task run for the lease of its root',
    caughtBy:
      'who claimed a task run writes it and what is below it, also when its root goes to another holder',
    tell: (inner) => ({
      commit: (writes, durability) =>
        inner.commit(
          writes.map((write) => refenced(write, ({ runId: _run, ...fence }) => fence)),
          durability,
        ),
    }),
  },
  {
    lie: 'renews the root in place of the task run',
    caughtBy:
      'the claim of a task run is renewed and released like any lease, and told of a cancel of its root',
    tell: (inner) => ({
      renewLeases: (fences, terms) =>
        inner.renewLeases(
          fences.map(({ rootId, epoch }) => ({ rootId, epoch })),
          terms,
        ),
    }),
  },
  {
    lie: 'wakes who has stopped',
    caughtBy: 'a watch that was stopped wakes nobody',
    tell: (inner) => ({
      watch: async (terms, wake) => {
        await inner.watch(terms, wake);
        return () => undefined;
      },
    }),
  },
];
