import type { RunId } from '../../model/ids.ts';
import type { ChildRecord, RecordedValue, Run } from '../../model/run.ts';
import type { Lease, RunWrite } from '../run-store.ts';
import type { KeptHistory } from './kept-history.ts';
import type { Leased } from './memory-queues.ts';
import type { Kin, StraightRun } from './straight-run.ts';

/** A run and its history, as they are kept. */
export interface KeptRun {
  readonly run: Run;
  readonly history: KeptHistory;
}

/** One that is kept as a whole. */
export interface RunEntry extends KeptRun {
  run: Run;
  history: KeptHistory;
}

/** What belongs to a top-level run as a whole. */
export interface RootEntry extends Leased {
  readonly entry: RunEntry;
  /** The runs below it, in the order in which they were made. */
  below: RunId[];
  /** Below it, what the straight runs that were made last have in common, by their names. */
  readonly kin: Map<string, Kin>;
  readonly recorded: Map<string, RecordedValue>;
  readonly children: Map<string, ChildRecord>;
}

/** Whether a record has what no write to it may change. */
export function sameIdentity(a: Run | StraightRun, b: Run): boolean {
  return (
    a.kind === b.kind &&
    a.name === b.name &&
    a.rootId === b.rootId &&
    a.parentId === b.parentId &&
    a.key === b.key &&
    (a.kind === 'task' || a.idempotencyKey === (b as typeof a).idempotencyKey)
  );
}

/** The lease of a run below a root that has a queue, before anybody claims it. */
export function freeLease({ rootId, id: runId }: Run): Lease {
  return { rootId, runId, holder: '', epoch: 0, expiresAt: 0 };
}

/** A top-level run that was just made. */
export function startedRoot(entry: RunEntry, { lease: terms }: RunWrite): RootEntry {
  const { id: rootId, createdAt } = entry.run;
  const lease =
    terms === undefined
      ? { rootId, holder: '', epoch: 0, expiresAt: 0 }
      : { rootId, holder: terms.holder, epoch: 1, expiresAt: createdAt + terms.ttl };
  return {
    entry,
    lease,
    below: [],
    kin: new Map(),
    recorded: new Map(),
    children: new Map(),
  };
}
