import { isNativeError } from 'node:util/types';
import { HoldfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import type { Failure } from '../model/failure.ts';
import type { JsonValue } from '../model/json.ts';
import { setOwn } from './set-own.ts';

const DEPTH = 8;
/** Members of an AggregateError that are kept. Its message tells how many there were. */
const MOST_MEMBERS = 100;

type Scrub = (text: string) => string;

/** What somebody has put where a text belongs, as a text. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : messageOf(value);
}

function messageOf(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  try {
    return JSON.stringify(thrown) ?? String(thrown);
  } catch {
    return Object.prototype.toString.call(thrown);
  }
}

/** Whether a value is an error, also one of another realm. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || isNativeError(value);
}

/** Its stack is made when it is first read, of parts that may not be texts. */
function stackOf(error: Error): string | undefined {
  try {
    return typeof error.stack === 'string' ? error.stack : undefined;
  } catch {
    return undefined;
  }
}

/** What was thrown, as an error: what is none becomes the cause of one. */
export function errorOf(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error(messageOf(thrown), { cause: thrown });
}

/** Facts as they are kept. What is not JSON is kept as its text. */
function keepable(value: unknown, scrub: Scrub, depth = DEPTH): JsonValue {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value !== 'object' || depth === 0) return scrub(messageOf(value));
  if (Array.isArray(value)) return value.map((each) => keepable(each, scrub, depth - 1));
  const kept: { [key: string]: JsonValue } = {};
  for (const [key, each] of Object.entries(value)) {
    if (each !== undefined) setOwn(kept, key, keepable(each, scrub, depth - 1));
  }
  return kept;
}

/**
 * An error as it is kept. Anything may be thrown, so anything is taken; causes and members are kept eight
 * levels deep, and of an AggregateError the first 100 members.
 *
 * @param scrub takes secrets out of texts
 */
export function toFailure(thrown: unknown, scrub: Scrub = (text) => text, depth = DEPTH): Failure {
  if (!isError(thrown)) return { name: 'Error', message: scrub(messageOf(thrown)) };
  const { code, retryable } = thrown as { code?: unknown; retryable?: unknown };
  const inner = (value: unknown): Failure => toFailure(value, scrub, depth - 1);
  const deeper = depth > 1;
  const stack = stackOf(thrown);
  return {
    name: scrub(textOf(thrown.name)),
    message: scrub(textOf(thrown.message)),
    ...(typeof code === 'string' ? { code: scrub(code) } : {}),
    ...(typeof retryable === 'boolean' ? { retryable } : {}),
    ...(isHoldfastError(thrown)
      ? {
          ...(thrown.hint === undefined ? {} : { hint: scrub(thrown.hint) }),
          context: keepable(thrown.context, scrub) as NonNullable<Failure['context']>,
        }
      : {}),
    ...(stack === undefined ? {} : { stack: scrub(stack) }),
    ...(deeper && thrown.cause !== undefined ? { cause: inner(thrown.cause) } : {}),
    ...(deeper && thrown instanceof AggregateError
      ? { errors: thrown.errors.slice(0, MOST_MEMBERS).map(inner) }
      : {}),
  };
}

/** The error that a kept failure stands for. Its class is lost; `name`, `code` and the texts are not. */
export function fromFailure(failure: Failure): Error {
  const cause = failure.cause === undefined ? {} : { cause: fromFailure(failure.cause) };
  const error = revive(failure, cause);
  hidden(error, 'name', failure.name);
  if (failure.stack !== undefined) hidden(error, 'stack', failure.stack);
  return error;
}

/** Sets what an error has, but does not list among its members. */
function hidden(error: Error, key: 'name' | 'stack', value: string): void {
  Object.defineProperty(error, key, { value, configurable: true, writable: true });
}

function revive(failure: Failure, cause: { cause?: Error }): Error {
  const { code, hint, retryable, context } = failure;
  const own = {
    ...(code === undefined ? {} : { code }),
    ...(retryable === undefined ? {} : { retryable }),
  };
  if (failure.errors !== undefined) {
    const members = failure.errors.map(fromFailure);
    return Object.assign(new AggregateError(members, failure.message, cause), own);
  }
  if (code !== undefined && context !== undefined) {
    return new HoldfastError(code, failure.message, {
      ...cause,
      context,
      ...(hint === undefined ? {} : { hint }),
      ...(retryable === undefined ? {} : { retryable }),
    });
  }
  return Object.assign(new Error(failure.message, cause), own);
}
