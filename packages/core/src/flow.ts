import type { FlowFunction } from './definition/callable-types.ts';
import { definer } from './decorators.ts';

/**
 * Makes a flow of a function: `flow(fn, options)`; or decorates a method: `@flow(options)`.
 *
 * A flow ends only when everything it has started has ended. On a durable store it survives its process:
 * `engine.recover()` calls it again, and what had completed is not executed a second time. Code between the
 * tasks runs again on a resume; keep what has effects in tasks, and ask `runContext()` for time and chance.
 *
 * @throws `OPTIONS_INVALID`, `DURATION_INVALID` at definition
 */
export const flow: FlowFunction = definer('flow') as unknown as FlowFunction;
