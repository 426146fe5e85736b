import type { PermitRequest } from '../../src/store/shared-state.ts';
import type { RunStore, Write } from '../../src/store/run-store.ts';
import type { LyingStore } from './lie.ts';

function changing(inner: RunStore, change: (write: Write) => Write): Partial<RunStore> {
  return { commit: (writes, durability) => inner.commit(writes.map(change), durability) };
}

function asking(
  inner: RunStore,
  change: (request: PermitRequest) => PermitRequest,
): Partial<RunStore> {
  return { acquirePermits: (request) => inner.acquirePermits(change(request)) };
}

/** Lies about what is kept beside the runs. */
export const LYING_BESIDE: readonly LyingStore[] = [
  {
    lie: 'forgets what was logged beside the message',
    caughtBy: 'lines are given as they were logged, in the order of their commits',
    tell: (inner) =>
      changing(inner, (write) =>
        write.kind === 'log' ? { ...write, entry: { ...write.entry, fields: {} } } : write,
      ),
  },
  {
    lie: 'reads pages from the start',
    caughtBy: 'lines are read by run, by level, and page by page',
    tell: (inner) => ({ logs: ({ after: _after, ...query }) => inner.logs(query) }),
  },
  {
    lie: 'keeps the first artifact of a key',
    caughtBy: 'an artifact replaces the one of its run and key, and keeps its place',
    tell: (inner) => {
      const seen = new Set<string>();
      return changing(inner, (write) => {
        if (write.kind !== 'artifact') return write;
        const { runId, rootId, key } = write.artifact;
        if (!seen.has(runId + key)) {
          seen.add(runId + key);
          return write;
        }
        return { kind: 'cancel-request', rootId, reason: 'not written' };
      });
    },
  },
  {
    lie: 'grants a part of what was asked for',
    caughtBy: 'of several limits all are granted, or none',
    tell: (inner) => ({
      acquirePermits: async (request) => {
        for (const wish of request.wishes) {
          const grant = await inner.acquirePermits({ ...request, wishes: [wish] });
          if (!grant.granted) return grant;
        }
        return { granted: true };
      },
    }),
  },
  {
    lie: 'counts permits and not their slots',
    caughtBy:
      'permits are granted up to the capacity of a limit, in slots, and free when given back',
    tell: (inner) =>
      asking(inner, (request) => ({
        ...request,
        wishes: request.wishes.map((wish) => ({ ...wish, slots: 1 })),
      })),
  },
  {
    lie: 'shows the permits of every limit',
    caughtBy: 'permits are read by their limits, until they are given back',
    tell: (inner) => ({ permits: (limits) => inner.permits([...limits, 'disk', 'db']) }),
  },
  {
    lie: 'looks for a slot first and takes it later',
    caughtBy: 'of overlapping requests for the last slot exactly one is granted',
    tell: (inner) =>
      asking(inner, (request) => ({
        ...request,
        wishes: request.wishes.map((wish) => ({ ...wish, capacity: Infinity })),
      })),
  },
  {
    lie: 'gives rates back',
    caughtBy: 'a rate stays taken until its time, whatever becomes of its holder',
    tell: (inner) =>
      asking(inner, (request) => ({
        ...request,
        wishes: request.wishes.map(({ per: _per, ...wish }) => wish),
      })),
  },
  {
    lie: 'renews the permits of everybody',
    caughtBy: 'permits are free once they expire, unless they are renewed, however late',
    tell: (inner) => ({
      renewPermits: (terms) => inner.renewPermits({ ...terms, holder: 'boot-1/100/1' }),
    }),
  },
  {
    lie: 'writes a schedule whatever version is stored',
    caughtBy: 'a schedule is written only at the version that was expected',
    tell: (inner) => {
      const versions = new Map<string, number>();
      return changing(inner, (write) => {
        if (write.kind !== 'schedule') return write;
        const { name } = write.schedule;
        const expectVersion = versions.get(name) ?? 0;
        versions.set(name, expectVersion + 1);
        const version = expectVersion + 1;
        return { ...write, expectVersion, schedule: { ...write.schedule, version } };
      });
    },
  },
  {
    lie: 'forgets runs whose hooks are due',
    caughtBy: 'what runs, is leased, or has hooks that are due at or below it is not forgotten',
    tell: (inner) => ({
      prune: async (request) => {
        for (const { id } of await inner.pendingHooks()) {
          await inner.commit([{ kind: 'hook-delivered', id }], 'process');
        }
        return inner.prune(request);
      },
    }),
  },
  {
    lie: 'does not say which runs it forgot',
    caughtBy:
      'ended runs are forgotten with everything below them, the ones that ended first leading',
    tell: (inner) => ({
      prune: async (request) => ({ ...(await inner.prune(request)), rootIds: [] }),
    }),
  },
  {
    lie: 'forgets the youngest',
    caughtBy:
      'ended runs are forgotten with everything below them, the ones that ended first leading',
    tell: (inner) => ({ prune: (request) => inner.prune({ ...request, limit: 100 }) }),
  },
  {
    lie: 'forgets every flow',
    caughtBy: 'only what ended before, in these states, of this flow is forgotten',
    tell: (inner) => ({ prune: ({ name: _name, ...request }) => inner.prune(request) }),
  },
];
