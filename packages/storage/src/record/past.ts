import type { HistoryEntry, Run, RunWrite } from '@holdfast/core';
import { corruptRecord } from './fault.ts';
import type { HistoryTable } from '../sql/tables.ts';
import { parse } from './parse.ts';
import { stateShape } from './run-shape.ts';
import { count, number } from './shape.ts';

/**
 * Up to this version of a run its steps stand in its own row: nearly every run ends by then. Later ones get rows of
 * their own, so that a run which changes often is not written whole, with all its past, again and again.
 */
const LAST_VERSION_WITHIN = 8;

/** What a write adds to the past of a run. */
export interface NewPast {
  /**
   * For the run's own row: lines, each `[version,step,generation,at,state]` as JSON. A step to the state that the row
   * holds anyway is left open after the comma before it: the next write closes it with that state.
   */
  readonly text: string;
  /** For the table. */
  readonly rows: readonly HistoryTable[];
}

const NO_ROWS: readonly HistoryTable[] = [];

/** The steps of a write. */
export function encodePast({ run, history }: RunWrite, stateJson: string): NewPast {
  if (run.version > LAST_VERSION_WITHIN) {
    const rows = history.map((entry) => rowOf(entry, textOf(entry.state, run, stateJson)));
    return { text: '', rows };
  }
  let text = '';
  const last = history.length - 1;
  for (const [n, { version, step, generation, at, state }] of history.entries()) {
    text += `[${version},${step},${generation},${at},`;
    if (n !== last || state !== run.state) text += `${textOf(state, run, stateJson)}]\n`;
  }
  return { text, rows: NO_ROWS };
}

function textOf(state: Run['state'], run: Run, stateJson: string): string {
  return state === run.state ? stateJson : JSON.stringify(state);
}

function rowOf({ runId, version, step, generation, at }: HistoryEntry, json: string): HistoryTable {
  return { run_id: runId, version, step, generation, at, state_json: json };
}

/** Where the past of a run stands in its row. */
export interface PastColumns {
  readonly id: string;
  readonly past_text: string;
  readonly state_json: string;
}

/**
 * The steps in a run's row.
 *
 * @throws `STORE_RECORD_CORRUPT`, naming the run
 */
export function decodePast({ id, past_text: text, state_json: json }: PastColumns): HistoryEntry[] {
  const closed = text.endsWith(',') ? `${text}${json}]` : text.trimEnd();
  const lines = parse(`[${closed.replaceAll('\n', ',')}]`, 'history', id) as unknown[];
  return lines.map((line) => {
    const [version, step, generation, at, state] = Array.isArray(line) ? line : [];
    return decodeStep({ run_id: id, version, step, generation, at }, state);
  });
}

/** The step in a row of the table. */
export function decodeHistory(row: HistoryTable): HistoryEntry {
  return decodeStep(row, parse(row.state_json, 'history', row.run_id));
}

function decodeStep(row: Omit<HistoryTable, 'state_json'>, state: unknown): HistoryEntry {
  const { run_id: runId, version, step, generation, at } = row;
  const numbers = count(version) ?? count(step) ?? count(generation) ?? number(at);
  const wrong = numbers ?? stateShape(state);
  if (wrong !== undefined) throw corruptRecord('history', runId, `state${wrong}`);
  return { runId, generation, version, step, at, state } as HistoryEntry;
}
