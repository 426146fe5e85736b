import { describe, expect, it } from 'vitest';
import type { RunEventType } from '../../src/model/run-event.ts';
import { STATE_TYPES } from '../../src/model/state.ts';
import { backoffPastBound } from '../../src/rules/backoff-past-bound.ts';
import { cancelRequested } from '../../src/rules/cancel-requested.ts';
import { decide, RULES } from '../../src/rules/decide.ts';
import { diedWhileCancelling } from '../../src/rules/died-while-cancelling.ts';
import { duplicateStart } from '../../src/rules/duplicate-start.ts';
import { recoveriesExhausted } from '../../src/rules/recoveries-exhausted.ts';
import { standsAsItIs } from '../../src/rules/replay.ts';
import { retryFailed } from '../../src/rules/retry-failed.ts';
import type { Rule, RuleFacts } from '../../src/rules/rule.ts';
import { ERROR, EVENTS, NOW, STATES, taskIn } from './sample.ts';

const FACTS: RuleFacts = {
  now: NOW,
  cancelReason: 'asked',
  maxRecoveries: 0,
  retry: { retry: true, delay: 5 },
};

/** The pairs, as `STATE event`, in which a rule does anything but accept. */
function spoken(rule: Rule, facts = FACTS): string[] {
  return STATE_TYPES.flatMap((type) =>
    (Object.keys(EVENTS) as RunEventType[])
      .filter((event) => rule.on.includes(event))
      .filter((event) => rule.decide(taskIn(STATES[type]), EVENTS[event], facts).kind !== 'accept')
      .map((event) => `${type} ${event}`),
  );
}

describe('each rule speaks where it must, and is silent everywhere else', () => {
  it('duplicate-start', () => {
    expect(spoken(duplicateStart)).toEqual(['RUNNING start', 'CANCELLING start']);
  });

  it('died-while-cancelling', () => {
    expect(spoken(diedWhileCancelling)).toEqual(['CANCELLING interrupt']);
  });

  it('recoveries-exhausted', () => {
    expect(spoken(recoveriesExhausted)).toEqual(['RUNNING interrupt']);
    expect(spoken(recoveriesExhausted, { ...FACTS, maxRecoveries: 1 })).toEqual([]);
    expect(spoken(recoveriesExhausted, { now: NOW })).toEqual([]);
    const stopped = { type: 'interrupt', crashed: false } as const;
    const verdict = recoveriesExhausted.decide(taskIn(STATES.RUNNING), stopped, FACTS);
    expect(verdict).toEqual({ kind: 'accept' });
  });

  it('retry-failed', () => {
    expect(spoken(retryFailed)).toEqual(['RUNNING fail', 'RUNNING timeOut']);
    const no = { ...FACTS, retry: { retry: false, reason: 'exhausted' } } as const;
    expect(spoken(retryFailed, no)).toEqual([]);
    expect(spoken(retryFailed, { now: NOW })).toEqual([]);
  });

  it('cancel-requested', () => {
    expect(spoken(cancelRequested)).toEqual([
      'SCHEDULED start',
      'SCHEDULED retryLater',
      'SCHEDULED requestCancel',
      'PENDING start',
      'PENDING retryLater',
      'PENDING requestCancel',
      'RUNNING retryLater',
      'PAUSED retryLater',
      'CANCELLING retryLater',
      ...['COMPLETED', 'FAILED', 'CRASHED', 'CANCELLED', 'SKIPPED'].map((t) => `${t} retryLater`),
    ]);
    expect(spoken(cancelRequested, { now: NOW })).toEqual([
      'SCHEDULED requestCancel',
      'PENDING requestCancel',
    ]);
  });

  it('backoff-past-bound', () => {
    const ending = { type: 'closeWindow', error: ERROR } as const;
    const all = STATE_TYPES.map((type) => `${type} retryLater`);
    // The sample is due at 5.
    const at = (time: number): RuleFacts => ({ now: NOW, timeOver: { at: NOW + time, ending } });
    expect(spoken(backoffPastBound, at(5))).toEqual(all);
    expect(spoken(backoffPastBound, at(6))).toEqual([]);
    expect(spoken(backoffPastBound)).toEqual([]);
  });

  it('has a name of its own', () => {
    expect(new Set(RULES.map((rule) => rule.name)).size).toBe(RULES.length);
  });
});

describe('the rules together', () => {
  const after = (...args: Parameters<typeof decide>): unknown => {
    const result = decide(...args);
    return result.ok ? result.run.state : result.reason;
  };

  it('make a failed attempt wait for its retry', () => {
    const facts = { now: NOW, retry: FACTS.retry } as RuleFacts;
    expect(after(taskIn(STATES.RUNNING), EVENTS.fail, facts)).toEqual({
      type: 'SCHEDULED',
      name: 'AwaitingRetry',
      dueAt: NOW + 5,
      nextAttempt: 1,
      error: ERROR,
    });
  });

  it('let a cancel win over a retry, and the truth over a cancel', () => {
    expect(after(taskIn(STATES.RUNNING), EVENTS.fail, FACTS)).toMatchObject({ type: 'CANCELLING' });
    expect(after(taskIn(STATES.CANCELLING), EVENTS.fail, FACTS)).toMatchObject({ type: 'FAILED' });
    const done = after(taskIn(STATES.CANCELLING), EVENTS.complete, FACTS);
    expect(done).toMatchObject({ type: 'COMPLETED' });
  });

  it('let a retry that would come too late fail the run, and a cancel win over that', () => {
    const ending = { type: 'closeWindow', error: { ...ERROR, cause: ERROR } } as const;
    const timeOver = { at: NOW + 5, ending };
    const facts = { now: NOW, retry: { retry: true, delay: 5 }, timeOver } as const;
    expect(after(taskIn(STATES.RUNNING), EVENTS.fail, facts)).toEqual({
      type: 'FAILED',
      name: 'WindowClosed',
      error: ending.error,
    });
    const early = { ...facts, timeOver: { at: NOW + 6, ending } };
    expect(after(taskIn(STATES.RUNNING), EVENTS.fail, early)).toMatchObject({ dueAt: NOW + 5 });
    const asked = { ...facts, cancelReason: 'asked' };
    expect(after(taskIn(STATES.RUNNING), EVENTS.fail, asked)).toMatchObject({ type: 'CANCELLING' });
    const last = { now: NOW, retry: { retry: false, reason: 'exhausted' }, timeOver } as const;
    expect(after(taskIn(STATES.RUNNING), EVENTS.fail, last)).toMatchObject({ name: 'Failed' });
  });

  it('never take up a run that died while it was cancelled, nor one that died too often', () => {
    const cancelled = after(taskIn(STATES.CANCELLING), EVENTS.interrupt, FACTS);
    expect(cancelled).toMatchObject({ type: 'CANCELLED', reason: 'because' });
    const often = taskIn(STATES.RUNNING, { recoveries: 3 });
    const facts = { now: NOW, maxRecoveries: 3 };
    expect(after(often, EVENTS.interrupt, facts)).toMatchObject({
      type: 'CRASHED',
      error: { code: 'RECOVERIES_EXHAUSTED', message: expect.stringContaining('4 times') },
    });
    const once = taskIn(STATES.RUNNING, { recoveries: 2 });
    expect(after(once, EVENTS.interrupt, facts)).toMatchObject({ name: 'AwaitingRecovery' });
  });

  it('refuse a second start by its reason', () => {
    const second = after(taskIn(STATES.RUNNING), EVENTS.start, { now: NOW });
    expect(second).toBe('it is under way already');
  });
});

describe('standsAsItIs', () => {
  const on = (generation: number) => [{ runId: taskIn(STATES.PENDING).rootId, generation }];

  it('gives again what completed, and any outcome of the same try', () => {
    expect(standsAsItIs(taskIn(STATES.COMPLETED, { parentTry: '1.1' }), [], '1.2')).toBe(true);
    for (const type of ['FAILED', 'CRASHED', 'CANCELLED', 'SKIPPED'] as const) {
      expect(standsAsItIs(taskIn(STATES[type], { parentTry: '1.1' }), [], '1.1')).toBe(true);
      expect(standsAsItIs(taskIn(STATES[type], { parentTry: '1.1' }), [], '1.2')).toBe(false);
    }
  });

  it('gives nothing again that is open, rolled back, or made from what was run again since', () => {
    expect(standsAsItIs(taskIn(STATES.RUNNING), [], '1.1')).toBe(false);
    expect(standsAsItIs(taskIn(STATES.COMPLETED, { rolledBackAt: NOW }), [], '1.1')).toBe(false);
    const [before] = on(1);
    const made = taskIn(STATES.COMPLETED, { dependsOn: before === undefined ? [] : [before] });
    expect(
      standsAsItIs(made, before === undefined ? [] : [{ ...before, generation: 2 }], 'x'),
    ).toBe(false);
    expect(standsAsItIs(made, before === undefined ? [] : [before], 'x')).toBe(true);
  });
});
