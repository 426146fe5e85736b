import assert from 'node:assert/strict';
import type { RunId } from '../../model/ids.ts';
import type { Fence, LeaseTerms, RunStore, Write, WriteOutcome } from '../../store/run-store.ts';
import { isHoldfastError } from '../../errors/holdfast-error.ts';
import { creation, sampleFlow } from '../sample-runs.ts';
import type { FlowRun } from '../../model/run.ts';

/** An adapter under test. */
export interface RunStoreHarness {
  /** Empty, and open. */
  readonly store: RunStore;
  /**
   * Closes the store and opens another one over the same records. Absent for an adapter that keeps
   * nothing: the checks of durability then do not apply.
   */
  readonly reopen?: () => Promise<RunStore>;
  /**
   * Spoils the stored record of this run, as a bad disk would, so that it does not parse. Absent where
   * that is impossible: the checks of damage then do not apply.
   */
  readonly damage?: (id: RunId) => Promise<void>;
  /** Closes what was opened and removes what was made. Called once, also after a failure. */
  close(): Promise<void>;
}

/** One promise, or one side of it. `run` throws an AssertionError when the store breaks it. */
export interface RunStoreCheck {
  readonly name: string;
  /** What the harness must offer; without it the check does not apply. */
  readonly needs?: 'reopen' | 'damage';
  /** Throws an AssertionError when the store breaks the promise. */
  run(harness: RunStoreHarness): Promise<void>;
}

/** A holder, as the checks name them. Sixty seconds. */
export const HOLDER: LeaseTerms = { holder: 'boot-1/100/1', ttl: 60_000 };
/** Another process. */
export const RIVAL: LeaseTerms = { holder: 'boot-1/200/1', ttl: 60_000 };

/** Commits one write and gives its outcome. */
export async function commitOne(store: RunStore, write: Write): Promise<WriteOutcome> {
  const outcomes = await store.commit([write], 'process');
  assert.equal(outcomes.length, 1, 'one outcome per write');
  return outcomes[0] as WriteOutcome;
}

/** Commits writes that must all be applied. */
export async function commitAll(store: RunStore, ...writes: readonly Write[]): Promise<void> {
  const outcomes = await store.commit(writes, 'process');
  assert.deepEqual(
    outcomes,
    writes.map(() => ({ ok: true })),
    'every write of the batch is applied',
  );
}

/** Creates the nth sample flow under a lease of {@link HOLDER}. */
export async function leasedFlow(
  store: RunStore,
  n: number,
  differences: Partial<FlowRun> = {},
): Promise<{ readonly root: FlowRun; readonly fence: Fence }> {
  const root = sampleFlow(n, differences);
  await commitAll(store, creation(root, { lease: HOLDER }));
  return { root, fence: { rootId: root.id, epoch: 1 } };
}

/** Takes the lease of a root away from whoever holds it, by letting it expire. Gives the new fence. */
export async function takeOver(store: RunStore, rootId: RunId): Promise<Fence> {
  const { granted, lease } = await store.acquireLease({
    rootId,
    ...RIVAL,
    now: Number.MAX_SAFE_INTEGER - RIVAL.ttl,
  });
  assert.ok(granted, 'an expired lease is granted to another holder');
  return { rootId, epoch: lease.epoch };
}

/** Asserts that a call rejects with a HoldfastError of this code. */
export async function rejectsWith(code: string, call: Promise<unknown>): Promise<void> {
  const outcome = await call.then(
    () => 'it resolved',
    (error: unknown) => (isHoldfastError(error) ? error.code : String(error)),
  );
  assert.equal(outcome, code);
}

/** The ids of records, for comparing lists. */
export function idsOf(records: readonly { readonly id: RunId }[]): RunId[] {
  return records.map(({ id }) => id);
}
