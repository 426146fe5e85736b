import { describe, it } from 'vitest';
import { besideRunsChecks } from './run-store/beside-runs-checks.ts';
import type { RunStoreCheck, RunStoreHarness } from './run-store/check.ts';
import { claimBelowChecks } from './run-store/claim-below-checks.ts';
import { claimChecks } from './run-store/claim-checks.ts';
import { commitChecks } from './run-store/commit-checks.ts';
import { fenceChecks } from './run-store/fence-checks.ts';
import { fidelityChecks } from './run-store/fidelity-checks.ts';
import { identityChecks } from './run-store/identity-checks.ts';
import { leaseChecks } from './run-store/lease-checks.ts';
import { lifecycleChecks } from './run-store/lifecycle-checks.ts';
import { notesChecks } from './run-store/notes-checks.ts';
import { permitChecks } from './run-store/permit-checks.ts';
import { pruneChecks } from './run-store/prune-checks.ts';
import { readChecks } from './run-store/read-checks.ts';
import { sharedStateChecks } from './run-store/shared-state-checks.ts';
import { watchChecks } from './run-store/watch-checks.ts';

/** Every check of the `RunStore` contract. They need no test runner: `run` throws when a promise is broken. */
export const runStoreChecks: readonly RunStoreCheck[] = [
  ...commitChecks,
  ...identityChecks,
  ...fenceChecks,
  ...leaseChecks,
  ...besideRunsChecks,
  ...readChecks,
  ...fidelityChecks,
  ...lifecycleChecks,
  ...notesChecks,
  ...permitChecks,
  ...sharedStateChecks,
  ...pruneChecks,
  ...claimChecks,
  ...claimBelowChecks,
  ...watchChecks,
];

/** The checks that apply to what a harness offers. */
export function applicableChecks(harness: RunStoreHarness): readonly RunStoreCheck[] {
  return runStoreChecks.filter(({ needs }) => needs === undefined || harness[needs] !== undefined);
}

/**
 * Holds a run store to every promise of the `RunStore` port, in vitest. An adapter for which this
 * passes can be given to `createEngine`.
 *
 * @param name the adapter's name, for the report
 * @param open makes an empty, open store; called once per check. A durable adapter gives `reopen`, and
 *   `damage` where it can: without them the checks that need them are reported as skipped.
 */
export function runStoreSuite(name: string, open: () => Promise<RunStoreHarness>): void {
  describe(`${name} keeps the promises of a run store`, () => {
    for (const check of runStoreChecks) {
      it(check.name, async ({ skip }) => {
        const harness = await open();
        try {
          if (!applicableChecks(harness).includes(check)) {
            skip(`this harness has no ${check.needs}`);
          }
          await check.run(harness);
        } finally {
          await harness.close();
        }
      });
    }
  });
}
