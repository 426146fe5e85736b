import type { RunId } from './ids.ts';
import type { JsonValue } from './json.ts';
import type { EpochMs } from './state.ts';

/** How grave a log line is, least first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

/** How grave a log line is. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A line that a run has logged, as it is kept with the run. */
export interface LogEntry {
  readonly runId: RunId;
  readonly rootId: RunId;
  readonly generation: number;
  /** The attempt that logged it, from 1; 0 for a line of the engine about the run. */
  readonly attempt: number;
  readonly at: EpochMs;
  readonly level: LogLevel;
  readonly message: string;
  /** What was logged beside the message. */
  readonly fields?: { readonly [key: string]: JsonValue };
}
