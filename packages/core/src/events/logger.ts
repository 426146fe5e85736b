/** Writes one line: a text, or facts and a text. */
export interface LogMethod {
  (message: string): void;
  (facts: object, message?: string): void;
}

/** The shape of a pino logger, which most Node loggers share. */
export interface Logger {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  /** A logger that adds these facts to every line. */
  child?(bindings: object): Logger;
}

const nothing = (): void => undefined;

/** Says nothing: the default, since a library owns no console. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
};

/** A logger with bindings, where it can have them. */
export function childLogger(logger: Logger, bindings: object): Logger {
  return logger.child?.(bindings) ?? logger;
}
