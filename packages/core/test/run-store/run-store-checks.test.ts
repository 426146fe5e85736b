import { AssertionError } from 'node:assert';
import { describe, expect, it, vi } from 'vitest';
import type { RunStore } from '../../src/store/run-store.ts';
import { runStoreChecks } from '../../src/testing/run-store-suite.ts';
import type { RunStoreCheck } from '../../src/testing/run-store/check.ts';
import { lying } from './lie.ts';
import { LYING_LEASES, LYING_READS } from './lying-answers.ts';
import { LYING_BESIDE } from './lying-beside.ts';
import { LYING_CLAIMS } from './lying-claims.ts';
import { LYING_WRITES } from './lying-writes.ts';

/** Runs one check on a store of its own. */
async function runCheck(check: RunStoreCheck, store: RunStore): Promise<void> {
  await store.open();
  await check.run({ store, close: () => store.close() });
}

function checkNamed(name: string): RunStoreCheck {
  const check = runStoreChecks.find((each) => each.name === name);
  if (check === undefined) throw new Error(`There is no check '${name}'`);
  return check;
}

describe('the checks of the run-store contract', () => {
  it('have names of their own', () => {
    expect(new Set(runStoreChecks.map(({ name }) => name)).size).toBe(runStoreChecks.length);
  });

  it('pass a store that could lie and does not', async () => {
    for (const check of runStoreChecks) {
      if (check.needs === undefined)
        await runCheck(
          check,
          lying(() => ({})),
        );
    }
  });

  it.each([...LYING_WRITES, ...LYING_LEASES, ...LYING_READS, ...LYING_BESIDE, ...LYING_CLAIMS])(
    'catch a store that $lie',
    async ({ tell, caughtBy }) => {
      await expect(runCheck(checkNamed(caughtBy), lying(tell))).rejects.toThrow(AssertionError);
    },
  );

  it.each([
    'a watch wakes when a run can be claimed on its queue, also when one was given back',
    'a watch wakes when its run ends, be it a task run',
  ])('catch a store that wakes nobody: %s', async (name) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const store = lying(() => ({ watch: async () => () => undefined }));
      const caught = expect(runCheck(checkNamed(name), store)).rejects.toThrow(AssertionError);
      await vi.advanceTimersByTimeAsync(60_000);
      await caught;
    } finally {
      vi.useRealTimers();
    }
  });

  it('say what was broken', async () => {
    const store = lying((inner) => ({
      run: async (id) => {
        const run = await inner.run(id);
        return run === undefined ? undefined : { ...run, attempts: 99 };
      },
    }));
    const check = checkNamed('what was acknowledged is read at once');
    await expect(runCheck(check, store)).rejects.toThrow(/attempts/);
  });
});
