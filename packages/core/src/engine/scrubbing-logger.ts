import { isPlain } from '../serial/is-plain.ts';
import { fromFailure, toFailure } from '../serial/failure-codec.ts';
import { silentLogger, type Logger, type LogMethod } from '../events/logger.ts';
import type { Scrubber } from '../secret/scrubber.ts';

const DEPTH = 8;
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

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

/** A logger that takes secrets out of texts, facts and errors before it passes them on. */
export function scrubbingLogger(logger: Logger, scrubber: Scrubber): Logger {
  if (logger === silentLogger) return logger;
  const { scrub } = scrubber;
  const clean = (facts: object): object =>
    scrubber.needles.texts.length === 0 ? facts : (scrubbed(facts, scrub) as object);
  const methods = LEVELS.map((level) => {
    const write: LogMethod = (first: string | object, message?: string) => {
      if (typeof first === 'string') logger[level](scrub(first));
      else logger[level](clean(first), message && scrub(message));
    };
    return [level, write] as const;
  });
  const child = (bindings: object): Logger =>
    scrubbingLogger(logger.child?.(clean(bindings)) ?? logger, scrubber);
  return { ...(Object.fromEntries(methods) as unknown as Logger), child };
}
