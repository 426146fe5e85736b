import { claimableFrom } from '@holdfast/core';
import type { RunWrite, Write } from '@holdfast/core';
import { misshapen } from './fault.ts';
import type { HistoryTable, HookTable } from '../sql/tables.ts';
import { encodePast } from './past.ts';
import { encodeRun } from './run-row.ts';
import type { RunColumns } from './run-row.ts';
import { runShape, stateShape } from './run-shape.ts';
import { number } from './shape.ts';

/** A hook as columns. */
type HookColumns = Omit<HookTable, 'seq'>;

/** A write of a run as the worker is given it: texts and numbers, which cross the threads at little cost. */
export interface EncodedRun {
  readonly kind: 'run';
  readonly expectVersion: number;
  /** The epoch of its fence; null without one. */
  readonly epoch: number | null;
  /** The run below the root that its fence names. */
  readonly claimed?: string;
  readonly columns: RunColumns;
  readonly history: readonly HistoryTable[];
  readonly hooks: readonly HookColumns[];
  readonly tags: readonly string[];
  /** Of a top-level run that has ended. */
  readonly endedAt: number | null;
  readonly lease?: { readonly holder: string; readonly ttl: number; readonly expiresAt: number };
  /** Of a run with a queue. */
  readonly queued?: { readonly queue: string; readonly dueAt: number | null };
}

/** What of a batch crosses to the worker. */
export type EncodedWrite = EncodedRun | Exclude<Write, RunWrite>;

/**
 * Encodes a batch.
 *
 * @throws `STORE_WRITE_INVALID` (as a fault) for a run that would not be readable
 */
export function encodeWrites(writes: readonly Write[]): EncodedWrite[] {
  return writes.map((write) => (write.kind === 'run' ? encodeRunWrite(write) : write));
}

const NO_HOOKS: readonly HookColumns[] = [];

function encodeRunWrite(write: RunWrite): EncodedRun {
  refuseMisshapen(write);
  const { expectVersion, run, fence, lease, hooks } = write;
  const stateJson = JSON.stringify(run.state);
  const past = encodePast(write, stateJson);
  let encoded: EncodedRun = {
    kind: 'run',
    expectVersion,
    epoch: fence?.epoch ?? null,
    columns: encodeRun(run, stateJson, past.text),
    history: past.rows,
    hooks: hooks.length === 0 ? NO_HOOKS : hooksOf(write, stateJson),
    tags: run.tags,
    endedAt: run.endedAt ?? null,
  };
  const { queue } = run;
  if (queue !== undefined) {
    encoded = { ...encoded, queued: { queue, dueAt: claimableFrom(run) ?? null } };
  }
  if (fence?.runId !== undefined) encoded = { ...encoded, claimed: fence.runId };
  if (lease === undefined) return encoded;
  return {
    ...encoded,
    lease: { ...lease, expiresAt: run.createdAt + lease.ttl },
  };
}

function hooksOf({ run, hooks }: RunWrite, stateJson: string): HookColumns[] {
  return hooks.map(({ id, runId, rootId, hook, at, state }) => ({
    id,
    run_id: runId,
    root_id: rootId,
    hook,
    at,
    state_json: state === run.state ? stateJson : JSON.stringify(state),
  }));
}

/** What is written must be readable: the shapes that reading asks for are asked for here too. */
function refuseMisshapen({ run, history, hooks }: RunWrite): void {
  let wrong = runShape(run);
  for (const { state, at } of history) {
    wrong ??= number(at) ?? (state === run.state ? undefined : stateShape(state));
  }
  for (const { state } of hooks) if (state !== run.state) wrong ??= stateShape(state);
  if (wrong !== undefined) throw misshapen(`run ${run.id}`, `run${wrong}`, { runId: run.id });
}
