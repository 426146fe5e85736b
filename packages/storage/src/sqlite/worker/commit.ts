import type {
  ChildRecord,
  Fence,
  RecordedValue,
  Run,
  RunId,
  RunWrite,
  Write,
  WriteOutcome,
} from '@holdfast/core';
import { decodeRun, encodeRun } from '../record/run-row.ts';
import type { RunRow } from '../record/run-row.ts';
import { runShape, stateShape } from '../record/run-shape.ts';
import type { Database } from './database.ts';
import { BesideRuns } from './beside-runs.ts';
import { misshapen } from './fault.ts';
import { commitStatements } from './commit-statements.ts';
import type { CommitStatements } from './commit-statements.ts';
import { isOpenType } from './open-states.ts';

const APPLIED: WriteOutcome = { ok: true };
const VERSION: WriteOutcome = { ok: false, conflict: 'version' };
const FENCED: WriteOutcome = { ok: false, conflict: 'fence' };

/** What a fence is compared with. Read once per root and transaction: nobody else can change it meanwhile. */
interface RootStanding {
  readonly leased: boolean;
  readonly epoch: number;
}

/** Applies writes, within a transaction that the caller has begun. */
export class Committer {
  readonly #sql: CommitStatements;
  readonly #beside: BesideRuns;
  readonly #roots = new Map<RunId, RootStanding | undefined>();

  constructor(database: Database) {
    this.#sql = commitStatements(database);
    this.#beside = new BesideRuns(database, {
      has: (rootId) => this.#standing(rootId) !== undefined,
      holds: (fence) => this.#mayWrite(fence.rootId, fence),
    });
  }

  /** The outcomes, in the order of the writes. Whatever it throws ends the transaction. */
  apply(writes: readonly Write[]): WriteOutcome[] {
    this.#roots.clear();
    return writes.map((write) => this.#apply(write));
  }

  #apply(write: Write): WriteOutcome {
    switch (write.kind) {
      case 'run':
        return this.#applyRun(write);
      case 'record':
        return this.#record(write.value, write.fence);
      case 'hook-delivered':
        this.#sql.deleteHook.run([write.id]);
        return APPLIED;
      case 'child-started':
      case 'child-ended':
        this.#noteChild(write.kind, write.child);
        return APPLIED;
      case 'cancel-request':
        return this.#requestCancel(write.rootId, write.reason);
      default:
        return this.#beside.apply(write);
    }
  }

  #applyRun(write: RunWrite): WriteOutcome {
    const { run, expectVersion, fence } = write;
    refuseMisshapen(write);
    const creates = expectVersion === 0;
    const startsRoot = creates && run.rootId === run.id && fence === undefined;
    if (!startsRoot && !this.#mayWrite(run.rootId, fence)) return FENCED;
    return creates ? this.#create(write) : this.#update(write);
  }

  #mayWrite(rootId: RunId, fence: Fence | undefined): boolean {
    const root = this.#standing(rootId);
    if (root === undefined) return false;
    if (fence !== undefined) return root.leased && root.epoch === fence.epoch;
    return !root.leased || this.#hasEnded(rootId);
  }

  #standing(rootId: RunId): RootStanding | undefined {
    if (this.#roots.has(rootId)) return this.#roots.get(rootId);
    const row = this.#sql.selectLease.get(rootId) as { holder: string; epoch: number } | undefined;
    const standing =
      row === undefined ? undefined : { leased: row.holder !== '', epoch: row.epoch };
    this.#roots.set(rootId, standing);
    return standing;
  }

  #hasEnded(rootId: RunId): boolean {
    const row = this.#sql.selectStanding.get(rootId) as { state_type: string } | undefined;
    return row !== undefined && !isOpenType(row.state_type);
  }

  #create(write: RunWrite): WriteOutcome {
    const { run, lease } = write;
    const stateJson = JSON.stringify(run.state);
    const columns = encodeRun(run, stateJson);
    if (this.#sql.insertRun.run(Object.values(columns)).changes === 0) {
      return { ok: false, conflict: 'exists', run: this.#existing(run) };
    }
    if (run.id === run.rootId) {
      const expiresAt = lease === undefined ? 0 : run.createdAt + lease.ttl;
      const epoch = lease === undefined ? 0 : 1;
      this.#sql.insertLease.run([run.id, lease?.holder ?? '', epoch, expiresAt]);
      this.#roots.delete(run.id);
      if (!isOpenType(run.state.type)) this.#noteEnd(run);
    }
    this.#addPast(write, stateJson);
    return APPLIED;
  }

  #existing(run: Run): Run {
    const start = run.kind === 'flow' ? (run.idempotencyKey ?? null) : null;
    const row =
      this.#sql.selectById.get(run.id) ??
      (run.parentId === undefined
        ? this.#sql.selectByStart.get(run.name, start)
        : this.#sql.selectByIdentity.get(run.parentId, run.name, run.key ?? null));
    return decodeRun(row as RunRow);
  }

  #update(write: RunWrite): WriteOutcome {
    const { run, expectVersion } = write;
    const stateJson = JSON.stringify(run.state);
    const is = encodeRun(run, stateJson);
    const isRoot = run.id === run.rootId;
    const before = isRoot ? this.#generation(run.id) : run.generation;
    const next = [is.generation, is.version, is.state_type, is.state_json, is.body_json];
    const identity = [is.kind, is.name, is.root_id, is.parent_id, is.key, is.idempotency_key];
    const { changes } = this.#sql.updateRun.run([...next, is.id, expectVersion, ...identity]);
    if (changes === 0) return VERSION;
    if (run.generation > before) this.#sql.clearCancel.run([run.id]);
    if (isRoot) this.#noteEnd(run);
    this.#addPast(write, stateJson);
    return APPLIED;
  }

  #generation(id: RunId): number {
    const row = this.#sql.selectStanding.get(id) as { generation: number } | undefined;
    return row?.generation ?? 0;
  }

  #noteEnd({ id, state, endedAt }: Run): void {
    const ended = isOpenType(state.type) ? null : (endedAt ?? null);
    this.#sql.noteEnd.run([ended, id]);
  }

  #addPast({ run, history, hooks }: RunWrite, stateJson: string): void {
    for (const tag of run.tags) this.#sql.insertTag.run([tag, run.id, run.rootId]);
    for (const { runId, version, step, generation, at, state } of history) {
      const json = state === run.state ? stateJson : JSON.stringify(state);
      this.#sql.insertHistory.run([runId, version, step, generation, at, json]);
    }
    for (const { id, runId, rootId, hook, at, state } of hooks) {
      const json = state === run.state ? stateJson : JSON.stringify(state);
      this.#sql.insertHook.run([id, runId, rootId, hook, at, json]);
    }
  }

  #record(value: RecordedValue, fence: Fence): WriteOutcome {
    if (!this.#mayWrite(fence.rootId, fence)) return FENCED;
    const { rootId, runId, scope, slot } = value;
    this.#sql.insertRecorded.run([rootId, runId, scope, slot, JSON.stringify(value.value)]);
    return APPLIED;
  }

  #noteChild(kind: 'child-started' | 'child-ended', child: ChildRecord): void {
    const { rootId, runId, bootId, pid, startTime, command } = child;
    const identity = [rootId, runId, bootId, pid, startTime];
    if (kind === 'child-ended') this.#sql.deleteChild.run(identity);
    else this.#sql.insertChild.run([...identity, command]);
  }

  #requestCancel(rootId: RunId, reason: string): WriteOutcome {
    if (this.#standing(rootId) === undefined) return VERSION;
    this.#sql.requestCancel.run([reason, rootId]);
    return APPLIED;
  }
}

/** What is written must be readable: the shapes that reading asks for are asked for here too. */
function refuseMisshapen({ run, history, hooks }: RunWrite): void {
  let wrong = runShape(run);
  for (const entry of [...history, ...hooks]) {
    if (entry.state !== run.state) wrong ??= stateShape(entry.state);
  }
  if (wrong === undefined) return;
  throw misshapen(`run ${run.id}`, `run${wrong}`, { runId: run.id });
}
