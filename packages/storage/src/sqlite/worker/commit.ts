import type {
  CancelRequestWrite,
  ChildRecord,
  Fence,
  RecordedValue,
  Run,
  WriteOutcome,
} from '@holdfast/core';
import type { EncodedRun, EncodedWrite } from '../../record/encode-write.ts';
import { decodeRun } from '../../record/run-row.ts';
import type { RunColumns, RunRow } from '../../record/run-row.ts';
import { BesideRuns } from './beside-runs.ts';
import { commitStatements } from './commit-statements.ts';
import type { CommitStatements } from './commit-statements.ts';
import type { Database } from './database.ts';
import { isOpenType } from '../../sql/open-states.ts';
import type { LeaseTable } from '../../sql/tables.ts';

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
  readonly #roots = new Map<string, RootStanding | undefined>();

  constructor(database: Database) {
    this.#sql = commitStatements(database);
    this.#beside = new BesideRuns(database, {
      has: (rootId) => this.#standing(rootId) !== undefined,
      holds: (fence) => this.#holds(fence),
    });
  }

  /** The outcomes, in the order of the writes. Whatever it throws ends the transaction. */
  apply(writes: readonly EncodedWrite[]): WriteOutcome[] {
    this.#roots.clear();
    return writes.map((write) => this.#apply(write));
  }

  #apply(write: EncodedWrite): WriteOutcome {
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
        return this.#requestCancel(write);
      default:
        return this.#beside.apply(write);
    }
  }

  #applyRun(write: EncodedRun): WriteOutcome {
    const { columns, expectVersion, epoch } = write;
    const { id, root_id: rootId } = columns;
    const creates = expectVersion === 0;
    const startsRoot = creates && rootId === id && epoch === null;
    if (!startsRoot && !this.#mayWrite(rootId, epoch, write.claimed)) return FENCED;
    return creates ? this.#create(write) : this.#update(write);
  }

  #holds({ rootId, runId, epoch }: Fence): boolean {
    return this.#mayWrite(rootId, epoch, runId);
  }

  #mayWrite(rootId: string, epoch: number | null, claimed: string | undefined): boolean {
    const root = claimed === undefined ? this.#standing(rootId) : this.#claim(claimed, rootId);
    if (root === undefined) return false;
    if (epoch !== null) return root.leased && root.epoch === epoch;
    return !root.leased || this.#hasEnded(rootId);
  }

  #standing(rootId: string): RootStanding | undefined {
    if (this.#roots.has(rootId)) return this.#roots.get(rootId);
    const row = this.#sql.selectLease.get(rootId) as
      | Pick<LeaseTable, 'holder' | 'epoch'>
      | undefined;
    const standing =
      row === undefined ? undefined : { leased: row.holder !== '', epoch: row.epoch };
    this.#roots.set(rootId, standing);
    return standing;
  }

  #claim(runId: string, rootId: string): RootStanding | undefined {
    if (runId === rootId) return undefined;
    const row = this.#sql.selectClaim.get(runId, rootId) as
      | Pick<LeaseTable, 'holder' | 'epoch'>
      | undefined;
    return row && { leased: row.holder !== '', epoch: row.epoch };
  }

  #hasEnded(rootId: string): boolean {
    const row = this.#sql.selectStanding.get(rootId) as { state_type: string } | undefined;
    return row !== undefined && !isOpenType(row.state_type);
  }

  #create(write: EncodedRun): WriteOutcome {
    const { columns, lease, queued } = write;
    const { id } = columns;
    if (this.#sql.insertRun.run(Object.values(columns)).changes === 0) {
      return { ok: false, conflict: 'exists', run: this.#existing(columns) };
    }
    const isRoot = id === columns.root_id;
    if (isRoot || queued !== undefined) {
      const terms = [lease?.holder ?? '', lease === undefined ? 0 : 1, lease?.expiresAt ?? 0];
      const place = [queued?.queue ?? null, queued?.dueAt ?? null];
      this.#sql.insertLease.run([id, columns.root_id, ...terms, ...place]);
    }
    if (isRoot) {
      this.#roots.delete(id);
      if (!isOpenType(columns.state_type)) this.#noteEnd(write);
    }
    this.#addBeside(write);
    return APPLIED;
  }

  #existing({ id, name, parent_id: parentId, key, idempotency_key: start }: RunColumns): Run {
    const row =
      this.#sql.selectById.get(id) ??
      (parentId === null
        ? this.#sql.selectByStart.get(name, start)
        : this.#sql.selectByIdentity.get(parentId, name, key));
    return decodeRun(row as RunRow);
  }

  #update(write: EncodedRun): WriteOutcome {
    const { columns: is, expectVersion } = write;
    const isRoot = is.id === is.root_id;
    const leased = isRoot || write.queued !== undefined;
    const before = leased ? this.#generation(is.id) : is.generation;
    const state = [is.generation, is.version, is.state_type, is.state_json];
    const next = [...state, is.body_json, is.past_text];
    const identity = [is.kind, is.name, is.root_id, is.parent_id, is.key, is.idempotency_key];
    const { changes } = this.#sql.updateRun.run([...next, is.id, expectVersion, ...identity]);
    if (changes === 0) return VERSION;
    if (is.generation > before) this.#sql.clearCancel.run([is.id]);
    if (isRoot) this.#noteEnd(write);
    if (write.queued !== undefined) this.#sql.noteDue.run([write.queued.dueAt, is.id]);
    this.#addBeside(write);
    return APPLIED;
  }

  #generation(id: string): number {
    const row = this.#sql.selectStanding.get(id) as { generation: number } | undefined;
    return row?.generation ?? 0;
  }

  #noteEnd({ columns, endedAt }: EncodedRun): void {
    this.#sql.noteEnd.run([isOpenType(columns.state_type) ? null : endedAt, columns.id]);
  }

  #addBeside({ columns, tags, history, hooks }: EncodedRun): void {
    for (const tag of tags) this.#sql.insertTag.run([tag, columns.id, columns.root_id]);
    for (const step of history) {
      const { run_id: runId, version, generation, at, state_json: json } = step;
      this.#sql.insertHistory.run([runId, version, step.step, generation, at, json]);
    }
    for (const { id, run_id: runId, root_id: rootId, hook, at, state_json: json } of hooks) {
      this.#sql.insertHook.run([id, runId, rootId, hook, at, json]);
    }
  }

  #record(value: RecordedValue, fence: Fence): WriteOutcome {
    if (!this.#holds(fence)) return FENCED;
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

  #requestCancel({ rootId, runId, reason }: CancelRequestWrite): WriteOutcome {
    const known = runId === undefined ? this.#standing(rootId) : this.#claim(runId, rootId);
    if (known === undefined) return VERSION;
    this.#sql.requestCancel.run([reason, runId ?? rootId]);
    return APPLIED;
  }
}
