import type { LogMethod, RunLogger } from '../../events/logger.ts';
import { LOG_LEVELS, type LogLevel } from '../../model/log-entry.ts';
import { isError, textOf } from '../../serial/failure-codec.ts';
import type { Execution } from '../execution.ts';
import type { RunHandle } from '../run-handle.ts';

/** Whose lines a logger keeps. */
export interface LoggedRun {
  readonly execution: Execution;
  readonly handle: RunHandle;
  readonly attempt: number;
}

/** What pino does: an error alone gives its own message. */
function messageOf(first: unknown, message: unknown): string {
  if (message !== undefined) return textOf(message);
  if (typeof first !== 'object' || first === null) return textOf(first);
  return isError(first) ? textOf(first.message) : '';
}

/** Callers may write JavaScript: whatever they log is kept as well as it can be. */
function keep(
  { execution, handle, attempt }: LoggedRun,
  level: LogLevel,
  bound: readonly object[],
  [first, second]: readonly [first: unknown, second: unknown],
): void {
  try {
    const message = messageOf(first, second);
    const facts = typeof first === 'object' && first !== null ? [...bound, first] : bound;
    execution.log.keep(handle, { level, message, facts, attempt });
  } catch {
    // A text that cannot be made is not kept: what logs it goes on.
  }
}

/**
 * The logger of an attempt: hands each line to the host's logger, and keeps it with the run.
 *
 * @param host the host's logger, with the facts of the run bound
 * @param bound facts that were bound by `child`
 */
export function runLogger(
  logged: LoggedRun,
  host: RunLogger,
  bound: readonly object[] = [],
): RunLogger {
  const methods = LOG_LEVELS.map((level) => {
    const write: LogMethod = (first: string | object, message?: string) => {
      if (typeof first === 'string') host[level](first);
      else host[level](first, message);
      keep(logged, level, bound, [first, message]);
    };
    return [level, write] as const;
  });
  const child = (bindings: object): RunLogger =>
    runLogger(logged, host.child(bindings), [...bound, bindings]);
  return { ...(Object.fromEntries(methods) as unknown as RunLogger), child };
}

/** Says something about a run, to the host and to whoever reads the run's lines. */
export function tellOfRun(
  execution: Execution,
  handle: RunHandle,
  level: LogLevel,
  message: string,
  facts: object = {},
): void {
  const { id: runId, name } = handle.run;
  execution.engine.logger[level]({ runId, run: name, ...facts }, message);
  execution.log.keep(handle, { level, message, facts: [facts], attempt: 0 });
}

/** Says that a run goes on that another process had left. */
export function tellOfRecovery(
  execution: Execution,
  handle: RunHandle,
  recoveriesBefore: number,
  maxRecoveries: number,
): void {
  const { recoveries } = handle.run;
  if (recoveries === recoveriesBefore) {
    tellOfRun(execution, handle, 'info', 'taken up again');
    return;
  }
  const message = `taken up again after its process had died: recovery ${recoveries} of ${maxRecoveries}`;
  tellOfRun(execution, handle, 'warn', message, { recoveries });
}
