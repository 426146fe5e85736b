import type { Fence, RunWrite, Write } from '@holdfast/core';
import { refuseMisshapenBeside } from '../record/beside-write.ts';
import { noRecord } from '../record/error-of.ts';
import { StoreFault } from '../record/fault.ts';
import { encodeWrites } from '../record/encode-write.ts';
import type { EncodedRun } from '../record/encode-write.ts';
import { taskWriteOf } from './task-write.ts';
import type { TaskWrite } from './task-write.ts';
import { GRAVITY } from '../record/note-row.ts';

/** A batch as the function `commit` takes it. */
export interface EncodedBatch {
  /** The leases that it stands under: those of the roots that it writes to, and of claimed runs below them. */
  readonly leases: readonly string[];
  /** The only write, where it is one that `commit_task` takes. */
  readonly task?: TaskWrite;
  /**
   * The writes as JSON.
   *
   * @param begun a run that must be there beside: otherwise nothing is applied
   */
  json(begun?: TaskWrite): string;
  readonly size: number;
}

type Columns = Readonly<Record<string, unknown>>;

/** A run with what PostgreSQL finds it by, beside what the codec gives. */
function runColumns(encoded: EncodedRun, { run }: RunWrite, ahead: number): Columns {
  const { columns, expectVersion, epoch, tags, history, hooks, endedAt, lease } = encoded;
  const { claimed, queued } = encoded;
  return {
    w: 'run',
    expect: expectVersion,
    epoch,
    ...(claimed === undefined ? {} : { claimed }),
    ...(queued === undefined ? {} : { queue: queued.queue, due_at: queued.dueAt }),
    ...columns,
    state_name: run.state.name,
    ...(tags.length === 0 ? {} : { tags }),
    ...(history.length === 0 ? {} : { history }),
    ...(hooks.length === 0 ? {} : { hooks }),
    ...(endedAt === null ? {} : { ended_at: endedAt }),
    ...(run.kind === 'flow' && run.scheduled !== undefined
      ? { schedule: run.scheduled.schedule }
      : {}),
    ...(lease === undefined ? {} : { holder: lease.holder, expires_at: lease.expiresAt + ahead }),
  };
}

type OfKind<K extends Write['kind']> = Extract<Write, { readonly kind: K }>;

const BESIDE: {
  readonly [K in Exclude<Write['kind'], 'run'>]: (write: OfKind<K>) => Columns;
} = {
  record: ({ value: { rootId, runId, scope, slot, value }, fence }) => ({
    root_id: rootId,
    run_id: runId,
    scope,
    slot,
    value_json: JSON.stringify(value),
    ...fenceColumns(fence),
  }),
  'hook-delivered': ({ id }) => ({ id }),
  'child-started': childColumns,
  'child-ended': childColumns,
  'cancel-request': ({ rootId, runId, reason }) => ({ root_id: rootId, claimed: runId, reason }),
  log: ({ entry: { rootId, runId, generation, attempt, at, level, message, fields } }) => ({
    root_id: rootId,
    run_id: runId,
    generation,
    attempt,
    at,
    level: GRAVITY[level],
    message,
    ...(fields === undefined ? {} : { fields_json: JSON.stringify(fields) }),
  }),
  artifact: ({ artifact, fence }) => ({
    root_id: artifact.rootId,
    run_id: artifact.runId,
    key: artifact.key,
    generation: artifact.generation,
    at: artifact.at,
    description: artifact.description,
    body_json: JSON.stringify(artifact.body),
    ...fenceColumns(fence),
  }),
  cache: ({ entry: { key, runId, generation, at, expiresAt, result }, fence }) => ({
    root_id: fence.rootId,
    ...fenceColumns(fence),
    key,
    run_id: runId,
    generation,
    at,
    expires_at: expiresAt,
    result_json: JSON.stringify(result),
  }),
  input: ({ input: { rootId, runId, generation, name, at, value } }) => ({
    root_id: rootId,
    run_id: runId,
    generation,
    name,
    at,
    value_json: JSON.stringify(value),
  }),
  schedule: ({ expectVersion, schedule }) => ({
    expect: expectVersion,
    name: schedule.name,
    version: schedule.version,
    done_until: schedule.doneUntil,
    paused: schedule.paused ? 1 : 0,
    updated_at: schedule.updatedAt,
    facts_json: JSON.stringify(schedule.facts),
  }),
};

function fenceColumns({ epoch, runId }: Fence): Columns {
  return runId === undefined ? { epoch } : { epoch, claimed: runId };
}

function childColumns({ child }: OfKind<'child-started' | 'child-ended'>): Columns {
  const { rootId, runId, bootId, pid, startTime, command } = child;
  const ids = { root_id: rootId, run_id: runId, boot_id: bootId };
  return { ...ids, pid, start_time: startTime, command };
}

function columnsOf(write: Write, encoded: EncodedRun | undefined, ahead: number): Columns {
  if (write.kind === 'run') return runColumns(encoded as EncodedRun, write, ahead);
  const toColumns = BESIDE[write.kind] as (write: Write) => Columns;
  return { w: write.kind, ...toColumns(write) };
}

/**
 * Encodes a batch.
 *
 * @param ahead by how much the server's clock is ahead, in milliseconds: leases expire by it
 * @throws `STORE_WRITE_INVALID` (as a fault) for what would not be readable
 */
export function encodeBatch(writes: readonly Write[], ahead: number): EncodedBatch {
  try {
    return encode(writes, ahead);
  } catch (error) {
    throw error instanceof StoreFault ? error : noRecord(error);
  }
}

function encode(writes: readonly Write[], ahead: number): EncodedBatch {
  const encoded = encodeWrites(writes);
  const leases = new Set<string>();
  const rows = writes.map((write, n) => {
    if (!IN_ITSELF.has(write.kind)) refuseMisshapenBeside(write as never);
    const columns = columnsOf(write, encoded[n] as EncodedRun, ahead);
    for (const name of ['root_id', 'claimed']) {
      const lease = columns[name];
      if (typeof lease === 'string') leases.add(lease);
    }
    return columns;
  });
  const batch = { leases: [...leases], size: writes.length };
  const [write] = writes;
  const task =
    writes.length === 1 && write?.kind === 'run'
      ? taskWriteOf(encoded[0] as EncodedRun, write)
      : undefined;
  if (task !== undefined) return { ...batch, task, json: (begun) => jsonOf(rows, begun) };
  // Now, not when its turn comes: what a caller does with its records afterwards is nobody's business.
  const json = JSON.stringify(rows);
  return { ...batch, json: (begun) => (begun === undefined ? json : jsonOf(rows, begun)) };
}

function jsonOf(rows: readonly Columns[], begun: TaskWrite | undefined): string {
  if (begun === undefined) return JSON.stringify(rows);
  const { id, version } = begun;
  return JSON.stringify([...rows, { w: 'begun', id, version }]);
}

/** Kinds whose shape is checked elsewhere, or by the compiler alone. */
const IN_ITSELF: ReadonlySet<Write['kind']> = new Set([
  ...(['run', 'record', 'hook-delivered', 'child-started', 'child-ended'] as const),
  'cancel-request',
]);
