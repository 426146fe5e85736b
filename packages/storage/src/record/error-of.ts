import { HoldfastError } from '@holdfast/core';
import type { Fault } from './fault.ts';

/** The error that a fault stands for. */
export function errorOf({ code, message, hint, retryable, context, cause }: Fault): HoldfastError {
  return new HoldfastError(code, message, {
    retryable,
    ...(hint === undefined ? {} : { hint }),
    ...(context === undefined ? {} : { context }),
    ...(cause === undefined ? {} : { cause: new Error(cause) }),
  });
}

/** Something was to be written that is no JSON, or that no thread can give to another. */
export function noRecord(cause: unknown): HoldfastError {
  return new HoldfastError('STORE_WRITE_INVALID', 'A write holds something that is not a record', {
    hint: 'This is a mistake in the code that calls the run store; nothing of the batch was written.',
    retryable: false,
    cause,
  });
}
