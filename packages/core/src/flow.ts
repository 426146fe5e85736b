import type { GivenOptions, Loose } from './definition/definition.ts';
import type { FlowFunction } from './definition/callable-types.ts';
import { wrap } from './callable.ts';
import { decorator, refuseBare } from './decorators.ts';

function make(first?: unknown, second?: unknown): unknown {
  refuseBare('flow', second);
  if (typeof first === 'function') {
    return wrap('flow', first as Loose, (second ?? {}) as GivenOptions);
  }
  return decorator('flow', (first ?? {}) as GivenOptions);
}

/**
 * Makes a flow of a function: `flow(fn, options)`; or decorates a method: `@flow(options)`.
 *
 * A flow ends only when everything it has started has ended. On a durable store it survives its process:
 * `engine.recover()` calls it again, and what had completed is not executed a second time. Code between the
 * tasks runs again on a resume; keep what has effects in tasks, and ask `runContext()` for time and chance.
 *
 * @throws `OPTIONS_INVALID`, `DURATION_INVALID` at definition
 */
export const flow: FlowFunction = make as unknown as FlowFunction;
