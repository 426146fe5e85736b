import type { JsonValue } from '@holdfast/core';
import { corruptRecord } from './fault.ts';

/**
 * Reads the JSON text of a record.
 *
 * @throws `STORE_RECORD_CORRUPT`, naming the run, when it is none
 */
export function parse(json: string, what: string, runId: string): JsonValue {
  try {
    return JSON.parse(json) as JsonValue;
  } catch (error) {
    throw corruptRecord(what, runId, String(error));
  }
}
