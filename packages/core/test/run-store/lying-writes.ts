import type { Run } from '../../src/model/run.ts';
import type { RunStore, RunWrite, Write, WriteOutcome } from '../../src/store/run-store.ts';
import type { LyingStore } from './lie.ts';

function changing(inner: RunStore, change: (write: Write) => Write): Partial<RunStore> {
  return { commit: (writes, durability) => inner.commit(writes.map(change), durability) };
}

function onRuns(change: (write: RunWrite) => Write): (write: Write) => Write {
  return (write) => (write.kind === 'run' ? change(write) : write);
}

async function isExpected(inner: RunStore, { run, expectVersion }: RunWrite): Promise<boolean> {
  return ((await inner.run(run.id))?.version ?? 0) === expectVersion;
}

/** The write as it would be if it had seen what is stored now. */
async function forced(inner: RunStore, write: Write): Promise<Write> {
  if (write.kind !== 'run' || write.expectVersion === 0) return write;
  const expectVersion = (await inner.run(write.run.id))?.version ?? 0;
  const version = expectVersion + 1;
  const history = write.history.map((step) => ({ ...step, version }));
  return { ...write, run: { ...write.run, version }, history, expectVersion };
}

/** Lies about commits. */
export const LYING_WRITES: readonly LyingStore[] = [
  {
    lie: 'applies a batch write by write',
    caughtBy: 'a batch that throws applies nothing',
    tell: (inner) => ({
      commit: async (writes, durability) => {
        const outcomes: WriteOutcome[] = [];
        for (const write of writes) outcomes.push(...(await inner.commit([write], durability)));
        return outcomes;
      },
    }),
  },
  {
    lie: 'applies what it is only told of',
    caughtBy: 'a batch that is said to come is applied by its commit alone, once',
    tell: (inner) => ({
      prepare: (writes) => void inner.commit(writes, 'process'),
    }),
  },
  {
    lie: 'commits what it was told of, whatever it is given',
    caughtBy: 'a batch that is said to come is applied by its commit alone, once',
    tell: (inner) => {
      let told: readonly Write[] | undefined;
      return {
        prepare: (writes) => {
          told = writes;
        },
        commit: (writes, durability) => {
          const batch = told ?? writes;
          told = undefined;
          return inner.commit(batch, durability);
        },
      };
    },
  },
  {
    lie: 'takes a write without history for one that changes nothing',
    caughtBy: 'a write without history changes the record, and leaves its history as it was',
    tell: (inner) => ({
      commit: async (writes, durability) => {
        const told = writes.filter((write) => write.kind !== 'run' || write.history.length > 0);
        await inner.commit(told, durability);
        return writes.map((): WriteOutcome => ({ ok: true }));
      },
    }),
  },
  {
    lie: 'takes whatever version is stored',
    caughtBy:
      'an update of another version than the expected one is a version conflict and changes nothing',
    tell: (inner) => ({
      commit: async (writes, durability) =>
        inner.commit(await Promise.all(writes.map((write) => forced(inner, write))), durability),
    }),
  },
  {
    lie: 'looks at the version first and writes later (lost update)',
    caughtBy: 'of overlapping updates that expect one version exactly one is applied',
    tell: (inner) => {
      let last: Promise<unknown> = Promise.resolve();
      return {
        commit: async (writes, durability) => {
          for (const write of writes) {
            const stale = write.kind === 'run' && !(await isExpected(inner, write));
            if (stale) return inner.commit(writes, durability);
          }
          const write = async (): Promise<readonly WriteOutcome[]> =>
            inner.commit(await Promise.all(writes.map((each) => forced(inner, each))), durability);
          const written = last.then(write);
          last = written;
          return written;
        },
      };
    },
  },
  {
    lie: 'ignores fences',
    caughtBy: 'who lost the lease can write nothing, and the new holder can',
    tell: (inner) => ({
      commit: async (writes, durability) => {
        const open = await inner.openRuns();
        const present = writes.map((write) => {
          if (!('fence' in write) || write.fence === undefined) return write;
          const { rootId } = write.fence;
          const lease = open.find(({ run }) => run.id === rootId)?.lease;
          return { ...write, fence: { rootId, epoch: lease?.epoch ?? write.fence.epoch } };
        });
        return inner.commit(present, durability);
      },
    }),
  },
  {
    lie: 'writes history whether or not the run is written',
    caughtBy:
      'an update of another version than the expected one is a version conflict and changes nothing',
    tell: (inner) => {
      const told: RunWrite['history'][number][] = [];
      return {
        commit: (writes, durability) => {
          for (const write of writes) if (write.kind === 'run') told.push(...write.history);
          return inner.commit(writes, durability);
        },
        history: async (id) => told.filter(({ runId }) => runId === id),
      };
    },
  },
  {
    lie: 'acknowledges before it applies',
    caughtBy: 'what was acknowledged is read at once',
    tell: (inner) => ({
      commit: async (writes, durability) => {
        setImmediate(() => void inner.commit(writes, durability).catch(() => undefined));
        return writes.map(() => ({ ok: true }));
      },
    }),
  },
  {
    lie: 'says that everything was applied',
    caughtBy: 'an update of a run that is missing is a version conflict',
    tell: (inner) => ({
      commit: async (writes, durability) => {
        await inner.commit(writes, durability);
        return writes.map(() => ({ ok: true }));
      },
    }),
  },
  {
    lie: 'lets commits overtake each other',
    caughtBy: 'overlapping commits are applied in the order of the calls',
    tell: (inner) => ({
      commit: async (writes, durability) => {
        if (durability === 'machine') await new Promise(setImmediate);
        return inner.commit(writes, durability);
      },
    }),
  },
  {
    lie: 'keeps no hooks',
    caughtBy: 'what was acknowledged is read at once',
    tell: (inner) =>
      changing(
        inner,
        onRuns((write) => ({ ...write, hooks: [] })),
      ),
  },
  {
    lie: 'forgets idempotency keys',
    caughtBy: 'of overlapping starts with one idempotency key exactly one is made',
    tell: (inner) =>
      changing(
        inner,
        onRuns((write) => {
          const { idempotencyKey: _, ...run } = write.run as Run & { idempotencyKey?: string };
          return { ...write, run: run as Run };
        }),
      ),
  },
  {
    lie: 'answers a conflict with the newcomer',
    caughtBy: 'parent, name and key are taken once, whatever the kind',
    tell: (inner) => ({
      commit: async (writes, durability) =>
        (await inner.commit(writes, durability)).map((outcome, n) =>
          'run' in outcome ? { ...outcome, run: (writes[n] as RunWrite).run } : outcome,
        ),
    }),
  },
  {
    lie: 'keeps NaN as null',
    caughtBy: 'what would not come back as it was is refused, with the whole batch',
    tell: (inner) => ({
      commit: (writes, durability) =>
        inner.commit(JSON.parse(JSON.stringify(writes)) as Write[], durability),
    }),
  },
];
