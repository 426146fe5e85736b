import { isPlain } from '../serial/is-plain.ts';
import { fromFailure, toFailure } from '../serial/failure-codec.ts';
import { silentLogger, type Logger, type LogMethod, type RunLogger } from '../events/logger.ts';
import { LOG_LEVELS, type LogLevel } from '../model/log-entry.ts';
import type { Scrubber } from '../secret/scrubber.ts';

const DEPTH = 8;

function scrubbed(value: unknown, scrub: (text: string) => string, depth = DEPTH): unknown {
  if (typeof value === 'string') return scrub(value);
  if (typeof value !== 'object' || value === null || depth === 0) return value;
  if (value instanceof Error) return fromFailure(toFailure(value, scrub));
  if (Array.isArray(value)) return value.map((each) => scrubbed(each, scrub, depth - 1));
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, scrubbed(each, scrub, depth - 1)]),
  );
}

/** The level of a host's logger that takes the lines of a level: looked up with each line, since levels are switched on and off. */
function levelIn(logger: Logger, level: LogLevel): LogLevel {
  if (level === 'trace' && logger.trace === undefined) return 'debug';
  return level === 'fatal' && logger.fatal === undefined ? 'error' : level;
}

/**
 * A logger that takes secrets out of texts, facts and errors before it passes them on. It has every level, and what
 * the host's logger throws is dropped: a log that cannot be written stops nothing.
 */
export function scrubbingLogger(logger: Logger, scrubber: Scrubber): RunLogger {
  if (logger === silentLogger) return silentLogger;
  const { scrub } = scrubber;
  const clean = (facts: object): object =>
    scrubber.needles.texts.length === 0 ? facts : (scrubbed(facts, scrub) as object);
  const methods = LOG_LEVELS.map((level) => {
    const write: LogMethod = (first: string | object, message?: string) => {
      try {
        const name = levelIn(logger, level);
        if (typeof first === 'string') logger[name]?.(scrub(first));
        else logger[name]?.(clean(first), message && scrub(message));
      } catch {
        // There is no other place to say so.
      }
    };
    return [level, write] as const;
  });
  const child = (bindings: object): RunLogger => {
    try {
      return scrubbingLogger(logger.child?.(clean(bindings)) ?? logger, scrubber);
    } catch {
      return scrubbingLogger(logger, scrubber);
    }
  };
  return { ...(Object.fromEntries(methods) as unknown as RunLogger), child };
}
