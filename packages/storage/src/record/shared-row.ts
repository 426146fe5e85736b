import type { CachedResult, GivenInput, JsonValue, Permit, ScheduleRecord } from '@holdfast/core';
import type { Selectable } from 'kysely';
import { corruptRecord, corruptShared } from './fault.ts';
import type { CacheTable, InputTable, PermitTable, ScheduleTable } from '../sql/tables.ts';
import { parse } from './parse.ts';
import { storedValue } from './run-shape.ts';
import { count, flag, json, number, optional, record, text } from './shape.ts';

/** A cached result, whole. */
export const cachedShape = record<CachedResult>({
  key: text,
  result: storedValue,
  runId: text,
  generation: count,
  at: number,
  expiresAt: optional(number),
});

/** An input, whole. */
export const inputShape = record<GivenInput>({
  rootId: text,
  runId: text,
  name: text,
  generation: count,
  value: json,
  at: number,
});

/** A schedule's record, whole. */
export const scheduleShape = record<ScheduleRecord>({
  name: text,
  version: count,
  doneUntil: number,
  paused: flag,
  updatedAt: number,
  facts: json,
});

/** The cached result in a row. */
export function decodeCached(row: CacheTable): CachedResult {
  const cached: unknown = {
    key: row.key,
    result: parse(row.result_json, 'cached result', row.run_id),
    runId: row.run_id,
    generation: row.generation,
    at: row.at,
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
  };
  const wrong = cachedShape(cached);
  if (wrong !== undefined) throw corruptRecord('cached result', row.run_id, `result${wrong}`);
  return cached as CachedResult;
}

/** The input in a row. */
export function decodeInput(row: Selectable<InputTable>): GivenInput {
  const input: unknown = {
    rootId: row.root_id,
    runId: row.run_id,
    name: row.name,
    generation: row.generation,
    value: parse(row.value_json, 'input', row.run_id),
    at: row.at,
  };
  const wrong = inputShape(input);
  if (wrong !== undefined) throw corruptRecord('input', row.run_id, `input${wrong}`);
  return input as GivenInput;
}

/** The schedule's record in a row. */
export function decodeSchedule(row: ScheduleTable): ScheduleRecord {
  const schedule: unknown = {
    name: row.name,
    version: row.version,
    doneUntil: row.done_until,
    paused: row.paused === 1,
    updatedAt: row.updated_at,
    facts: parseFacts(row),
  };
  const wrong = scheduleShape(schedule);
  if (wrong !== undefined) throw corruptShared('schedule', row.name, `schedule${wrong}`);
  return schedule as ScheduleRecord;
}

function parseFacts({ name, facts_json: facts }: ScheduleTable): JsonValue {
  try {
    return JSON.parse(facts) as JsonValue;
  } catch (error) {
    throw corruptShared('schedule', name, String(error));
  }
}

/** The permit in a row. */
export function decodePermit(row: Selectable<PermitTable>): Permit {
  return {
    limit: row.limit_name,
    id: row.id,
    holder: row.holder,
    slots: row.slots,
    expiresAt: row.expires_at,
  };
}
