import { cancelled, skipped } from '../errors/errors.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Run } from '../model/run.ts';
import { isTerminal, type TerminalState } from '../model/state.ts';
import { fromFailure } from '../serial/failure-codec.ts';
import type { EngineCore } from './engine-core.ts';
import { storedValue } from './stored-value.ts';

/** The outcome of a run that ended otherwise than well. */
export type Failed = Outcome<unknown> & { ok: false };

/** An outcome that is none of the good ones. */
export function failed(state: Failed['state'], error: Error): Failed {
  return { ok: false, error, state };
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

/** How a run ended; undefined while it has not. */
export function outcomeOf(engine: EngineCore, { state, name }: Run): Outcome<unknown> | undefined {
  if (!isTerminal(state)) return undefined;
  if (state.type !== 'COMPLETED') return failureOf(state, name);
  return { ok: true, value: engine.codec.decode(storedValue(state.result)), state: state.type };
}

/** The error of a run that cannot be executed, because what it needs did not complete. */
export function upstreamFailed(engine: EngineCore, name: string, upstream: Error): Error {
  const reason = `'${name}' was skipped: what it needs did not complete (${upstream.message}).`;
  return skipped('UpstreamFailed', engine.scrubber.scrub(reason), upstream);
}
