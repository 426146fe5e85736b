import { optionsInvalid } from '../../errors/errors.ts';
import { LOG_LEVELS, type LogLevel } from '../../model/log-entry.ts';

/** What is kept of the lines that runs log. The host's logger is handed all of them, whatever is kept. */
export interface LogOptions {
  /** Lines at least as grave are kept with their run; `'silent'`: none. Default `'info'`. */
  readonly level?: LogLevel | 'silent';
  /** The longest line, its fields included, in bytes: what goes beyond is cut. Default 16 KiB. */
  readonly maxLine?: number;
  /**
   * How much is kept of the lines of one flow or task run while one process executes it, in bytes. A last line says that
   * no more is kept. Default 1 MiB.
   */
  readonly maxRun?: number;
  /** The same for a top-level run and everything below it together. Default 64 MiB. */
  readonly maxTotal?: number;
}

/** {@link LogOptions}, checked and filled in. */
export interface LogKeeping {
  /** The place in `LOG_LEVELS` from which on lines are kept. */
  readonly from: number;
  readonly maxLine: number;
  readonly maxRun: number;
  readonly maxTotal: number;
}

const KIB = 1024;

function bytes(option: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  const problem = `${option} must be a whole number of bytes from ${least}, not ${JSON.stringify(value)}`;
  throw optionsInvalid("The engine's logs", problem, 'Correct it, or leave it out.');
}

/** Checks what is to be kept of lines. Throws `OPTIONS_INVALID`. */
export function logKeeping(options: LogOptions): LogKeeping {
  const {
    level = 'info',
    maxLine = 16 * KIB,
    maxRun = KIB ** 2,
    maxTotal = 64 * KIB ** 2,
  } = options;
  const from = level === 'silent' ? LOG_LEVELS.length : LOG_LEVELS.indexOf(level);
  if (from < 0) {
    const hint = `One of ${LOG_LEVELS.join(', ')}, silent.`;
    throw optionsInvalid("The engine's logs", `there is no level ${JSON.stringify(level)}`, hint);
  }
  return {
    from,
    maxLine: bytes('maxLine', maxLine, 256),
    maxRun: bytes('maxRun', maxRun, 0),
    maxTotal: bytes('maxTotal', maxTotal, 0),
  };
}
