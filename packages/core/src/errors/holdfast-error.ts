import type { JsonValue } from '../model/json.ts';

/** What a {@link HoldfastError} is made of. */
export interface HoldfastErrorOptions {
  /** What to do about it, in one sentence. */
  readonly hint?: string;
  /** Whether trying again may help. Default true. A run whose error says false is not retried. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
  /** Facts for a program to read: names, paths, counts. Never a secret. */
  readonly context?: { readonly [key: string]: JsonValue };
}

const BRAND = Symbol.for('@holdfast/error');

/**
 * Every error that Holdfast raises by itself. `code` is stable and documented; `message` says what
 * happened to what; `hint` says what to do.
 */
export class HoldfastError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly context: { readonly [key: string]: JsonValue };
  readonly [BRAND] = true;

  constructor(code: string, message: string, options: HoldfastErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'HoldfastError';
    this.code = code;
    this.hint = options.hint;
    this.retryable = options.retryable ?? true;
    this.context = options.context ?? {};
  }
}

/** Whether a value is a {@link HoldfastError}, also one of another copy of this package. */
export function isHoldfastError(value: unknown): value is HoldfastError {
  return typeof value === 'object' && value !== null && BRAND in value;
}
