import assert from 'node:assert/strict';
import type { WatchTerms } from '../../store/claims.ts';
import type { RunStore } from '../../store/run-store.ts';
import { advanced, COMPLETED, update } from '../sample-runs.ts';
import { commitAll } from './check.ts';
import type { RunStoreCheck } from './check.ts';
import { claimedTask } from './claim-below-checks.ts';
import { ask, claimedIds, NOW, queued, waiting } from './claim-checks.ts';

/** Long, for a busy machine: a watch that wakes ends it at once. */
const PATIENCE = 30_000;

/** Watches, does something, and waits until it is woken. */
async function wakesOn(
  store: RunStore,
  terms: WatchTerms,
  act: () => Promise<unknown>,
): Promise<void> {
  let wake = (): void => undefined;
  const woken = new Promise<void>((resolve) => (wake = resolve));
  const stop = await store.watch(terms, wake);
  await act();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new assert.AssertionError({ message: 'nobody was woken' })),
    PATIENCE,
  );
  try {
    await Promise.race([woken, late.promise]);
  } finally {
    clearTimeout(timer);
    stop();
  }
}

/** What wakes those who watch a store. */
export const watchChecks: readonly RunStoreCheck[] = [
  {
    name: 'a watch wakes when a run can be claimed on its queue, also when one was given back',
    async run({ store }) {
      await wakesOn(store, { queues: ['other', 'q'] }, () => queued(store, 1));
      const claims = await ask(store);
      await wakesOn(store, { queues: ['q'] }, () =>
        store.releaseLeases(claims.map(({ lease }) => lease)),
      );
      await wakesOn(store, { queues: ['q'] }, () =>
        queued(store, 2, { state: waiting(NOW + 9_000_000) }),
      );
      assert.equal(claimedIds(await ask(store)).length, 1);
    },
  },
  {
    name: 'a watch wakes when its run ends, be it a task run',
    async run({ store }) {
      const { task, fence, root } = await claimedTask(store);
      await wakesOn(store, { runs: [task.id] }, () =>
        commitAll(store, update(advanced(task, COMPLETED), { fence })),
      );
      const flow = await store.run(root.rootId);
      assert.ok(flow?.kind === 'flow');
      await wakesOn(store, { runs: [task.id, flow.id] }, () =>
        commitAll(store, update(advanced(flow, COMPLETED), { fence: root })),
      );
    },
  },
  {
    name: 'a watch wakes when a run on its queue is asked to stop',
    async run({ store }) {
      const { task, root } = await claimedTask(store);
      const { rootId } = root;
      await wakesOn(store, { queues: ['other', 'q'] }, () =>
        commitAll(store, { kind: 'cancel-request', rootId, runId: task.id, reason: 'stop' }),
      );
    },
  },
  {
    name: 'a watch that was stopped wakes nobody',
    async run({ store }) {
      let woken = 0;
      const stop = await store.watch({ queues: ['q'] }, () => woken++);
      stop();
      stop();
      await wakesOn(store, { queues: ['q'] }, () => queued(store, 1));
      assert.equal(woken, 0);
    },
  },
];
