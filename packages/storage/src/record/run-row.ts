import type { PendingHook, RecordedValue, Run } from '@holdfast/core';
import type { Selectable } from 'kysely';
import { corruptRecord } from './fault.ts';
import type { HookTable, RecordedTable, RunTable } from '../sql/tables.ts';
import { parse } from './parse.ts';
import { runShape, stateShape } from './run-shape.ts';
import { oneOf, record, text, number } from './shape.ts';

/** A row of the run table, as it is read. */
export type RunRow = Selectable<RunTable>;
/** The same without what SQLite assigns, as it is written. */
export type RunColumns = Omit<RunRow, 'seq'>;

/** A run as columns. `stateJson` is the text of its state, `pastText` what is added to its past. */
export function encodeRun(run: Run, stateJson: string, pastText: string): RunColumns {
  const { id, kind, name, rootId, parentId, key, generation, version, state, ...rest } = run;
  const { idempotencyKey = null, ...body } = rest as typeof rest & { idempotencyKey?: string };
  return {
    id,
    kind,
    name,
    root_id: rootId,
    parent_id: parentId ?? null,
    key: key ?? null,
    idempotency_key: idempotencyKey,
    generation,
    version,
    state_type: state.type,
    state_json: stateJson,
    body_json: JSON.stringify(body),
    past_text: pastText,
  };
}

/**
 * The run in a row.
 *
 * @throws `STORE_RECORD_CORRUPT`, naming the run, unless the row is exactly what a run is written as
 */
export function decodeRun(row: RunRow): Run {
  const body: unknown = parse(row.body_json, 'record', row.id);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw corruptRecord('record', row.id, 'its body is no object');
  }
  const run: unknown = {
    ...body,
    id: row.id,
    kind: row.kind,
    name: row.name,
    rootId: row.root_id,
    generation: row.generation,
    version: row.version,
    state: parse(row.state_json, 'state', row.id),
    ...(row.parent_id === null ? {} : { parentId: row.parent_id }),
    ...(row.key === null ? {} : { key: row.key }),
    ...(row.idempotency_key === null ? {} : { idempotencyKey: row.idempotency_key }),
  };
  const wrong = runShape(run);
  if (wrong !== undefined) throw corruptRecord('record', row.id, `run${wrong}`);
  if ((run as Run).state.type !== row.state_type) {
    throw corruptRecord('record', row.id, 'its state is not the one it is listed under');
  }
  return run as Run;
}

const hookShape = record<PendingHook>({
  id: text,
  runId: text,
  rootId: text,
  hook: oneOf(
    ...(['onStart', 'onSuccess', 'onFailure', 'onRetry', 'onCancel', 'onCrash', 'onSkip'] as const),
    ...(['onCommit', 'onRollback'] as const),
  ),
  state: stateShape,
  at: number,
});

/** The pending hook in a row. */
export function decodeHook(row: Selectable<HookTable>): PendingHook {
  const hook: unknown = {
    id: row.id,
    runId: row.run_id,
    rootId: row.root_id,
    hook: row.hook,
    state: parse(row.state_json, 'hook', row.run_id),
    at: row.at,
  };
  const wrong = hookShape(hook);
  if (wrong !== undefined) throw corruptRecord('hook', row.run_id, `hook${wrong}`);
  return hook as PendingHook;
}

/** The recorded value in a row. */
export function decodeRecorded(row: RecordedTable): RecordedValue {
  return {
    runId: row.run_id as Run['id'],
    rootId: row.root_id as Run['id'],
    scope: row.scope,
    slot: row.slot,
    value: parse(row.value_json, 'recorded value', row.run_id),
  };
}
