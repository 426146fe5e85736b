/** Writes one line: a text, or facts and a text. */
export interface LogMethod {
  (message: string): void;
  (facts: object, message?: string): void;
}

/**
 * The shape of a pino logger, which most Node loggers share. One that has no `trace` is given such lines as `debug`, one
 * that has no `fatal` as `error`.
 */
export interface Logger {
  readonly trace?: LogMethod;
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  readonly fatal?: LogMethod;
  /** A logger that adds these facts to every line. */
  child?(bindings: object): Logger;
}

/** The logger of a run. It never throws, and nothing waits for it. */
export interface RunLogger extends Logger {
  readonly trace: LogMethod;
  readonly fatal: LogMethod;
  /** A logger that adds these facts to every line. */
  child(bindings: object): RunLogger;
}

const nothing = (): void => undefined;

/** Says nothing: the default, since a library owns no console. */
export const silentLogger: RunLogger = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
  child: () => silentLogger,
};
