import { optionsInvalid } from '../../errors/errors.ts';
import { durationMs, type Duration } from '../../model/duration.ts';
import {
  isTerminalType,
  STATE_TYPES,
  type EpochMs,
  type TerminalState,
} from '../../model/state.ts';

/** A span, or no end. */
export type Keep = Duration | 'forever';

/**
 * How long history is kept. An ended top-level run is forgotten with everything below it: runs, states, lines, artifacts,
 * results, inputs, and its idempotency key. What has not ended, is leased, or has hooks that are due is never forgotten.
 */
export interface RetentionOptions {
  /** How long after its end a top-level run is kept. Default `'90d'`. */
  readonly keep?: Keep;
  /** Other spans for runs that ended in some states: `{ FAILED: '365d', SKIPPED: '7d' }`. */
  readonly states?: { readonly [state in TerminalState['type']]?: Keep };
  /** How long until `serve()` looks again for what is to be forgotten. Default one hour. */
  readonly every?: Duration;
  /** The most top-level runs that are forgotten in one transaction, which others wait for. Default 100. */
  readonly batch?: number;
}

/** {@link RetentionOptions}, checked and filled in. */
export interface RetentionRules {
  /** Milliseconds by state; Infinity: for ever. */
  readonly spans: ReadonlyMap<TerminalState['type'], number>;
  readonly every: number;
  readonly batch: number;
}

const WHAT = "The engine's retention";

function refused(problem: string): Error {
  return optionsInvalid(WHAT, problem, 'Correct it, or leave it out.');
}

function spanOf(keep: Keep, option: string): number {
  return keep === 'forever' ? Number.POSITIVE_INFINITY : durationMs(keep, `${WHAT}: ${option}`);
}

/** Checks how long history is kept. Throws `OPTIONS_INVALID`, `DURATION_INVALID`. */
export function retentionRules(options: RetentionOptions): RetentionRules {
  const { keep = '90d', states = {}, every = '1h', batch = 100 } = options;
  for (const state of Object.keys(states)) {
    const known = (STATE_TYPES as readonly string[]).includes(state);
    if (known && isTerminalType(state as TerminalState['type'])) continue;
    throw refused(`no run ends in a state ${JSON.stringify(state)}`);
  }
  const ended = STATE_TYPES.filter(isTerminalType);
  const spans = new Map(ended.map((state) => [state, spanOf(states[state] ?? keep, state)]));
  const pause = durationMs(every, `${WHAT}: every`);
  if (pause === 0) throw refused('every is 0: it would look all the time');
  if (!(Number.isSafeInteger(batch) && batch > 0)) throw refused('batch is no whole number from 1');
  return { spans, every: pause, batch };
}

/** Which runs are to be forgotten: those that ended in one of these states before this time. */
export interface Outdated {
  readonly states: readonly TerminalState['type'][];
  readonly endedBefore: EpochMs;
}

/** What the rules want forgotten at some time, by the spans that they know. */
export function outdated({ spans }: RetentionRules, now: EpochMs): readonly Outdated[] {
  const bySpan = Map.groupBy(spans, ([, span]) => span);
  return [...bySpan]
    .filter(([span]) => Number.isFinite(span))
    .map(([span, entries]) => ({
      states: entries.map(([state]) => state),
      endedBefore: now - span,
    }));
}
