import type { JsonValue } from './json.ts';

/**
 * An error as a run store keeps it. `name` and `code` are the stable part: they survive a resume
 * unchanged; an error that is read back is no instance of its original class.
 */
export interface Failure {
  readonly name: string;
  readonly message: string;
  /** Set when the error carried a string `code`. */
  readonly code?: string;
  /** What to do about it. */
  readonly hint?: string;
  /** False when the error said that trying again cannot help. */
  readonly retryable?: boolean;
  readonly stack?: string;
  readonly context?: { readonly [key: string]: JsonValue };
  readonly cause?: Failure;
  /** The members of an AggregateError. */
  readonly errors?: readonly Failure[];
}
