import { AssertionError } from 'node:assert';
import { describe, expect, it } from 'vitest';
import type { RunStore } from '../../src/store/run-store.ts';
import { runStoreChecks } from '../../src/testing/run-store-suite.ts';
import type { RunStoreCheck } from '../../src/testing/run-store/check.ts';
import { lying } from './lie.ts';
import { LYING_LEASES, LYING_READS } from './lying-answers.ts';
import { LYING_BESIDE } from './lying-beside.ts';
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

  it.each([...LYING_WRITES, ...LYING_LEASES, ...LYING_READS, ...LYING_BESIDE])(
    'catch a store that $lie',
    async ({ tell, caughtBy }) => {
      await expect(runCheck(checkNamed(caughtBy), lying(tell))).rejects.toThrow(AssertionError);
    },
  );

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
