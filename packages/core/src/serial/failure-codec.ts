import { HoldfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import type { Failure } from '../model/failure.ts';

const DEPTH = 8;

function messageOf(error: unknown): string {
  try {
    return typeof error === 'string' ? error : (JSON.stringify(error) ?? String(error));
  } catch {
    return Object.prototype.toString.call(error);
  }
}

/**
 * An error as it is kept. Anything may be thrown, so anything is taken; causes and members are kept eight
 * levels deep.
 *
 * @param scrub takes secrets out of texts
 */
export function toFailure(
  error: unknown,
  scrub: (text: string) => string = (text) => text,
  depth = DEPTH,
): Failure {
  if (!(error instanceof Error)) return { name: 'Error', message: scrub(messageOf(error)) };
  const { code, retryable } = error as { code?: unknown; retryable?: unknown };
  const inner = (value: unknown): Failure => toFailure(value, scrub, depth - 1);
  const deeper = depth > 1;
  return {
    name: error.name,
    message: scrub(error.message),
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof retryable === 'boolean' ? { retryable } : {}),
    ...(isHoldfastError(error)
      ? {
          ...(error.hint === undefined ? {} : { hint: scrub(error.hint) }),
          context: JSON.parse(scrub(JSON.stringify(error.context))),
        }
      : {}),
    ...(typeof error.stack === 'string' ? { stack: scrub(error.stack) } : {}),
    ...(deeper && error.cause !== undefined ? { cause: inner(error.cause) } : {}),
    ...(deeper && error instanceof AggregateError ? { errors: error.errors.map(inner) } : {}),
  };
}

/** The error that a kept failure stands for. Its class is lost; `name`, `code` and the texts are not. */
export function fromFailure(failure: Failure): Error {
  const cause = failure.cause === undefined ? {} : { cause: fromFailure(failure.cause) };
  const error = revive(failure, cause);
  error.name = failure.name;
  if (failure.stack !== undefined) error.stack = failure.stack;
  return error;
}

function revive(failure: Failure, cause: { cause?: Error }): Error {
  if (failure.errors !== undefined) {
    const error = new AggregateError(failure.errors.map(fromFailure), failure.message, cause);
    return failure.code === undefined ? error : Object.assign(error, { code: failure.code });
  }
  const { code, hint, retryable, context } = failure;
  if (code !== undefined && context !== undefined) {
    return new HoldfastError(code, failure.message, {
      ...cause,
      context,
      ...(hint === undefined ? {} : { hint }),
      ...(retryable === undefined ? {} : { retryable }),
    });
  }
  const error = new Error(failure.message, cause);
  return Object.assign(error, {
    ...(code === undefined ? {} : { code }),
    ...(retryable === undefined ? {} : { retryable }),
  });
}
