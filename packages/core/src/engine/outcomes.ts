import { cancelled, skipped } from '../errors/errors.ts';
import { isHoldfastError } from '../errors/holdfast-error.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Run } from '../model/run.ts';
import { isTerminal, type TerminalState } from '../model/state.ts';
import { fromFailure } from '../serial/failure-codec.ts';
import type { EngineCore } from './engine-core.ts';
import { decoded, type Decoded } from './stored-value.ts';

/** The outcome of a run that ended otherwise than well. */
export type Failed = Outcome<unknown> & { ok: false };

/** An outcome that is none of the good ones. */
export function failed(state: Failed['state'], error: Error): Failed {
  return { ok: false, error, state };
}

/** Whether a run failed, or could not run because what it needs had failed: not one that was told to stop, or skipped by a rule. */
export function failedForGood({ state, error }: Failed): boolean {
  if (state === 'SKIPPED') return isHoldfastError(error) && error.code === 'UPSTREAM_FAILED';
  return state !== 'CANCELLED';
}

/** How a run that ended otherwise than well looks to those who need it. */
export function failureOf(state: TerminalState, name: string): Failed {
  switch (state.type) {
    case 'FAILED':
    case 'CRASHED':
      return failed(state.type, fromFailure(state.error));
    case 'CANCELLED':
      return failed(state.type, cancelled(`'${name}'`, state.reason));
    case 'SKIPPED':
      return failed(state.type, skipped(state.name, state.reason));
    case 'COMPLETED':
      throw new Error('a completed run is no failure');
  }
}

/** The outcome of a run that cannot be executed, because what it needs did not complete. */
export function skippedBy(
  engine: EngineCore,
  { name }: { readonly name: string },
  upstream: Error,
): Failed {
  const reason = `'${name}' was skipped: what it needs did not complete (${upstream.message}).`;
  return failed('SKIPPED', skipped('UpstreamFailed', engine.scrubber.scrub(reason), upstream));
}

function completed({ value }: Decoded): Outcome<unknown> {
  return { ok: true, value, state: 'COMPLETED' };
}

/**
 * How a run ended; undefined while it has not. A promise where its result lies in an object store: it rejects when it
 * cannot be read, which says nothing about how the run ended.
 */
export function outcomeOf(
  engine: EngineCore,
  { state, name }: Run,
): Outcome<unknown> | Promise<Outcome<unknown>> | undefined {
  if (state.type === 'COMPLETED') {
    const result = decoded(engine, state.result);
    return result instanceof Promise ? result.then(completed) : completed(result);
  }
  return isTerminal(state) ? failureOf(state, name) : undefined;
}
