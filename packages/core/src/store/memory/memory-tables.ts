import type { RunId } from '../../model/ids.ts';
import type {
  ChildRecord,
  HistoryEntry,
  PendingHook,
  RecordedValue,
  Run,
} from '../../model/run.ts';
import { isTerminal } from '../../model/state.ts';
import type { Fence, Lease, RunWrite, Write, WriteOutcome } from '../run-store.ts';
import { copyJson, copyRun, copyWithState } from './copy-records.ts';

/** A run and its history. */
export interface RunEntry {
  run: Run;
  readonly history: HistoryEntry[];
}

/** What belongs to a top-level run as a whole. */
export interface RootEntry {
  readonly entry: RunEntry;
  lease: Lease;
  cancelReason?: string;
  /** The runs below it, in the order in which they were made. */
  readonly below: RunEntry[];
  readonly recorded: Map<string, RecordedValue>;
  readonly children: Map<string, ChildRecord>;
}

const APPLIED: WriteOutcome = Object.freeze({ ok: true });
const VERSION: WriteOutcome = Object.freeze({ ok: false, conflict: 'version' });
const FENCED: WriteOutcome = Object.freeze({ ok: false, conflict: 'fence' });

/** Joins texts so that different lists never give the same key. */
function keyOf(first: string, second: string, third: string): string {
  return `${first.length}:${second.length}:${first}${second}${third}`;
}

/** What makes a run unique beside its id. Undefined for a run without a key. */
function identityOf(run: Run): string | undefined {
  if (run.parentId !== undefined) {
    return run.key === undefined ? undefined : keyOf(run.parentId, run.name, run.key);
  }
  const key = run.kind === 'flow' ? run.idempotencyKey : undefined;
  return key === undefined ? undefined : keyOf('', run.name, key);
}

function sameIdentity(a: Run, b: Run): boolean {
  return (
    a.kind === b.kind &&
    a.name === b.name &&
    a.rootId === b.rootId &&
    a.parentId === b.parentId &&
    a.key === b.key &&
    (a.kind === 'task' || a.idempotencyKey === (b as typeof a).idempotencyKey)
  );
}

/**
 * The records of a memory store, and how writes change them. Nothing here throws once a batch was
 * checked (`checkWrites`), so a batch is never applied in part.
 */
export class MemoryTables {
  readonly runs = new Map<RunId, RunEntry>();
  readonly roots = new Map<RunId, RootEntry>();
  /** In the order in which they became due. */
  readonly hooks = new Map<string, PendingHook>();
  readonly #identities = new Map<string, RunEntry>();

  apply(write: Write): WriteOutcome {
    switch (write.kind) {
      case 'run':
        return this.#applyRun(write);
      case 'record':
        return this.#record(write.value, write.fence);
      case 'hook-delivered':
        this.hooks.delete(write.id);
        return APPLIED;
      case 'child-started':
      case 'child-ended':
        this.#noteChild(write.kind, write.child);
        return APPLIED;
      case 'cancel-request':
        return this.#requestCancel(write.rootId, write.reason);
    }
  }

  /** The root, if the epoch is the one in force. */
  held({ rootId, epoch }: Fence): RootEntry | undefined {
    const root = this.roots.get(rootId);
    return root !== undefined && root.lease.holder !== '' && root.lease.epoch === epoch
      ? root
      : undefined;
  }

  #applyRun(write: RunWrite): WriteOutcome {
    const { run, expectVersion, fence } = write;
    const creates = expectVersion === 0;
    const startsRoot = creates && run.rootId === run.id && fence === undefined;
    if (!startsRoot && !this.#mayWrite(run.rootId, fence)) return FENCED;
    const stored = this.runs.get(run.id);
    if (!creates) {
      if (stored?.run.version !== expectVersion || !sameIdentity(stored.run, run)) return VERSION;
      return this.#update(stored, write);
    }
    const identity = identityOf(run);
    const taken = stored ?? (identity === undefined ? undefined : this.#identities.get(identity));
    if (taken !== undefined) return { ok: false, conflict: 'exists', run: copyRun(taken.run) };
    return this.#create(write, identity);
  }

  #mayWrite(rootId: RunId, fence: Fence | undefined): boolean {
    if (fence !== undefined) return this.held(fence) !== undefined;
    const root = this.roots.get(rootId);
    return root !== undefined && (root.lease.holder === '' || isTerminal(root.entry.run.state));
  }

  #create(write: RunWrite, identity: string | undefined): WriteOutcome {
    const run = copyRun(write.run);
    const entry: RunEntry = { run, history: [] };
    this.runs.set(run.id, entry);
    if (identity !== undefined) this.#identities.set(identity, entry);
    if (run.id === run.rootId) {
      const { holder = '', ttl = 0 } = write.lease ?? {};
      const leased = holder !== '';
      this.roots.set(run.id, {
        entry,
        lease: {
          rootId: run.id,
          holder,
          epoch: leased ? 1 : 0,
          expiresAt: leased ? run.createdAt + ttl : 0,
        },
        below: [],
        recorded: new Map(),
        children: new Map(),
      });
    } else {
      this.roots.get(run.rootId)?.below.push(entry);
    }
    this.#addPast(entry, write);
    return APPLIED;
  }

  #update(entry: RunEntry, write: RunWrite): WriteOutcome {
    const { generation } = entry.run;
    entry.run = copyRun(write.run);
    if (entry.run.generation > generation) delete this.roots.get(entry.run.id)?.cancelReason;
    this.#addPast(entry, write);
    return APPLIED;
  }

  #addPast(entry: RunEntry, { history, hooks }: RunWrite): void {
    for (const step of history) entry.history.push(copyWithState(step));
    for (const hook of hooks) {
      if (!this.hooks.has(hook.id)) this.hooks.set(hook.id, copyWithState(hook));
    }
  }

  #record(value: RecordedValue, fence: Fence): WriteOutcome {
    const root = this.held(fence);
    if (root === undefined) return FENCED;
    const key = keyOf(value.runId, value.scope, value.slot);
    if (!root.recorded.has(key)) root.recorded.set(key, copyJson(value));
    return APPLIED;
  }

  #noteChild(kind: 'child-started' | 'child-ended', child: ChildRecord): void {
    const children = this.roots.get(child.rootId)?.children;
    const key = keyOf(child.runId, child.bootId, `${child.pid}:${child.startTime}`);
    if (kind === 'child-ended') children?.delete(key);
    else children?.set(key, { ...child });
  }

  #requestCancel(rootId: RunId, reason: string): WriteOutcome {
    const root = this.roots.get(rootId);
    if (root === undefined) return VERSION;
    root.cancelReason ??= reason;
    return APPLIED;
  }
}
