import type { RunId } from '../../model/ids.ts';
import type { ChildRecord, PendingHook, RecordedValue, Run } from '../../model/run.ts';
import { isTerminal } from '../../model/state.ts';
import type { ArtifactWrite, LogWrite } from '../run-notes.ts';
import type { CancelRequestWrite, Fence, RunWrite, Write, WriteOutcome } from '../run-store.ts';
import type {
  CacheWrite,
  InputWrite,
  Pruned,
  PruneRequest,
  ScheduleWrite,
} from '../shared-state.ts';
import { copyJson, copyRun, copyHook, keptRun } from './copy-records.ts';
import { EndedRoots } from './ended-roots.ts';
import { Identities } from './identities.ts';
import { historyAfter } from './kept-history.ts';
import { freeLease, sameIdentity, startedRoot } from './kept-run.ts';
import type { KeptRun, RootEntry, RunEntry } from './kept-run.ts';
import { MemoryNotes } from './memory-notes.ts';
import { MemoryQueues, type Leased } from './memory-queues.ts';
import { MemorySharedState } from './memory-shared-state.ts';
import { endOf, isPrunable } from './prunable.ts';
import { StraightRun } from './straight-run.ts';

const APPLIED: WriteOutcome = Object.freeze({ ok: true });
const VERSION: WriteOutcome = Object.freeze({ ok: false, conflict: 'version' });
const FENCED: WriteOutcome = Object.freeze({ ok: false, conflict: 'fence' });

/** Joins texts so that different lists never give the same key. */
function keyOf(first: string, second: string, third: string): string {
  return `${first.length}:${second.length}:${first}${second}${third}`;
}

/**
 * The records of a memory store, and how writes change them. Nothing here throws once a batch was
 * checked (`checkWrites`), so a batch is never applied in part.
 */
export class MemoryTables {
  readonly runs = new Map<RunId, RunEntry | StraightRun>();
  readonly roots = new Map<RunId, RootEntry>();
  /** In the order in which they became due. */
  readonly hooks = new Map<string, PendingHook>();
  readonly notes = new MemoryNotes();
  readonly shared = new MemorySharedState();
  readonly queues = new MemoryQueues();
  readonly #identities = new Identities();
  readonly #ended = new EndedRoots();
  readonly #keepEnded: number;

  /** @param keepEnded how many runs of ended roots are kept: see `sweep` */
  constructor(keepEnded: number) {
    this.#keepEnded = keepEnded;
  }

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
        return this.#requestCancel(write);
      default:
        return this.#beside(write);
    }
  }

  /** What is kept beside the runs. */
  #beside(write: LogWrite | ArtifactWrite | CacheWrite | InputWrite | ScheduleWrite): WriteOutcome {
    switch (write.kind) {
      case 'log':
        if (this.roots.has(write.entry.rootId)) this.notes.addLine(write.entry);
        return APPLIED;
      case 'artifact':
        if (this.held(write.fence) === undefined) return FENCED;
        this.notes.putArtifact(write.artifact);
        return APPLIED;
      case 'cache':
        if (this.held(write.fence) === undefined) return FENCED;
        this.shared.putCached(write.entry);
        return APPLIED;
      case 'input':
        if (!this.roots.has(write.input.rootId)) return VERSION;
        this.shared.giveInput(write.input);
        return APPLIED;
      case 'schedule':
        return this.shared.putSchedule(write) ? APPLIED : VERSION;
    }
  }

  /** What has the lease that a fence or a request names. */
  leased({ rootId, runId }: Pick<Fence, 'rootId' | 'runId'>): Leased | undefined {
    return runId === undefined ? this.roots.get(rootId) : this.queues.below(rootId, runId);
  }

  /** The same, if the epoch is the one in force. */
  inForce(fence: Fence): Leased | undefined {
    const leased = this.leased(fence);
    if (leased === undefined || leased.lease.holder === '') return undefined;
    return leased.lease.epoch === fence.epoch ? leased : undefined;
  }

  /** The root, if the epoch is the one in force. */
  held(fence: Fence): RootEntry | undefined {
    return this.inForce(fence) === undefined ? undefined : this.roots.get(fence.rootId);
  }

  #applyRun(write: RunWrite): WriteOutcome {
    const { run, expectVersion, fence } = write;
    const creates = expectVersion === 0;
    const startsRoot = creates && run.rootId === run.id && fence === undefined;
    if (!startsRoot && !this.#mayWrite(run.rootId, fence)) return FENCED;
    const stored = this.runs.get(run.id);
    if (!creates) return stored === undefined ? VERSION : this.#update(stored, write);
    const taken = stored ?? this.#identified(run);
    if (taken !== undefined) return { ok: false, conflict: 'exists', run: copyRun(taken.run) };
    this.#create(write);
    return APPLIED;
  }

  #identified(run: Run): KeptRun | undefined {
    const id = this.#identities.find(run);
    return id === undefined ? undefined : this.runs.get(id);
  }

  #mayWrite(rootId: RunId, fence: Fence | undefined): boolean {
    if (fence !== undefined) return this.held(fence) !== undefined;
    const root = this.roots.get(rootId);
    return root !== undefined && (root.lease.holder === '' || isTerminal(root.entry.run.state));
  }

  #create(write: RunWrite): void {
    const { run } = write;
    const { id, rootId } = run;
    const root = this.roots.get(rootId);
    const straight = root && StraightRun.from(write, root.kin);
    if (straight === undefined) this.#createWhole(write);
    else this.runs.set(id, straight);
    this.#identities.add(run);
    root?.below.push(id);
    this.#addHooks(write);
  }

  #createWhole(write: RunWrite): void {
    const run = keptRun(write.run);
    const entry: RunEntry = { run, history: historyAfter(undefined, write, run) };
    this.runs.set(run.id, entry);
    const root = run.id === run.rootId ? startedRoot(entry, write) : undefined;
    if (root !== undefined) this.roots.set(run.id, root);
    if (run.queue !== undefined) this.queues.add(root ?? { entry, lease: freeLease(run) });
    if (root !== undefined) this.#noteEnd(entry);
  }

  #update(stored: RunEntry | StraightRun, write: RunWrite): WriteOutcome {
    const { run, expectVersion } = write;
    const known = stored instanceof StraightRun ? stored : stored.run;
    if (known.version !== expectVersion || !sameIdentity(known, run)) return VERSION;
    if (!(stored instanceof StraightRun)) this.#updateWhole(stored, write);
    else if (!stored.end(write)) this.#updateWhole(this.#madeWhole(stored), write);
    this.#addHooks(write);
    return APPLIED;
  }

  /** More is to be told of a run than that it went straight. */
  #madeWhole({ id, run, history }: StraightRun): RunEntry {
    const entry: RunEntry = { run: keptRun(run), history };
    this.runs.set(id, entry);
    return entry;
  }

  #updateWhole(entry: RunEntry, write: RunWrite): void {
    const { generation } = entry.run;
    const run = keptRun(write.run);
    entry.history = historyAfter(entry, write, run);
    entry.run = run;
    if (run.queue !== undefined) this.queues.note(run);
    if (run.generation > generation) this.#forgetCancel(run);
    if (run.id === run.rootId) this.#noteEnd(entry);
  }

  /** What was asked of a run was asked of its generation. */
  #forgetCancel({ id, rootId }: Run): void {
    const leased = id === rootId ? this.roots.get(id) : this.queues.below(rootId, id);
    if (leased !== undefined) delete leased.cancelReason;
  }

  #addHooks({ hooks }: RunWrite): void {
    for (const hook of hooks) {
      if (!this.hooks.has(hook.id)) this.hooks.set(hook.id, copyHook(hook));
    }
  }

  #noteEnd({ run }: RunEntry): void {
    const below = this.roots.get(run.id)?.below.length ?? 0;
    if (isTerminal(run.state)) this.#ended.note(run.id, 1 + below);
    else this.#ended.forget(run.id);
  }

  /**
   * Forgets ended roots with everything below them, the one that ended first leading, until so few runs are left as
   * are to be kept. The root that ended last keeps its own record, and loses only what is below it. What is leased, or
   * has hooks that are due, stays.
   */
  sweep(): void {
    if (this.#ended.runs <= this.#keepEnded) return;
    const due = new Set(Array.from(this.hooks.values(), (hook) => hook.rootId));
    const last = [...this.#ended.ids].at(-1);
    for (const id of this.#ended.ids) {
      if (this.#ended.runs <= this.#keepEnded) return;
      const root = this.roots.get(id);
      if (root === undefined || root.lease.holder !== '' || due.has(id)) continue;
      this.#forgetBelow(root);
      if (id !== last) this.#forget(root);
    }
  }

  /** Forgets ended roots that a request describes, the one that ended first leading. */
  prune(request: PruneRequest): Pruned {
    const due = new Set(Array.from(this.hooks.values(), (hook) => hook.rootId));
    const chosen = [...this.#ended.ids]
      .flatMap((id) => this.roots.get(id) ?? [])
      .filter((root) => isPrunable(root, request) && !due.has(root.entry.run.id))
      .toSorted((a, b) => endOf(a) - endOf(b))
      .slice(0, request.limit);
    let runs = 0;
    for (const root of chosen) {
      runs += 1 + root.below.length;
      this.#forgetBelow(root);
      this.#forget(root);
    }
    this.shared.forgetExpired(request.now);
    return { roots: chosen.length, runs, rootIds: chosen.map(({ entry }) => entry.run.id) };
  }

  #forgetBelow(root: RootEntry): void {
    const { id: rootId } = root.entry.run;
    for (const id of root.below) {
      const kept = this.runs.get(id);
      if (kept !== undefined && !(kept instanceof StraightRun)) this.queues.forget(kept.run);
      this.runs.delete(id);
      this.#identities.forgetBelow(id);
    }
    this.#identities.forgetBelow(rootId);
    root.below = [];
    root.kin.clear();
    root.recorded.clear();
    this.notes.forget(rootId);
    this.shared.forget(rootId);
    this.#ended.resize(rootId, 1);
  }

  #forget({ entry }: RootEntry): void {
    const { run } = entry;
    this.runs.delete(run.id);
    this.roots.delete(run.id);
    this.queues.forget(run);
    if (run.kind === 'flow') this.#identities.forget(run);
    this.#ended.forget(run.id);
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

  #requestCancel(write: CancelRequestWrite): WriteOutcome {
    const leased = this.leased(write);
    if (leased === undefined) return VERSION;
    leased.cancelReason ??= write.reason;
    return APPLIED;
  }

  /** Why what has a lease is to stop: because its root is, or by itself. */
  cancelReasonOf({ rootId, runId }: Pick<Fence, 'rootId' | 'runId'>): string | undefined {
    const ofRoot = this.roots.get(rootId)?.cancelReason;
    return (
      ofRoot ?? (runId === undefined ? undefined : this.leased({ rootId, runId })?.cancelReason)
    );
  }
}
