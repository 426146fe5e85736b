import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunEvent, RunEventType } from '../../src/model/run-event.ts';
import type { Run } from '../../src/model/run.ts';
import { isTerminal, STATE_TYPES, type StateType } from '../../src/model/state.ts';
import { TRANSITIONS } from '../../src/model/transition-table.ts';
import { transition } from '../../src/model/transition.ts';
import { EVENTS, flowIn, NOW, STATES, taskIn } from './sample.ts';

/** Written out a second time, on purpose: from state, event, to state. */
const LEGAL: readonly (readonly [StateType, RunEventType, StateType])[] = [
  ['PENDING', 'schedule', 'SCHEDULED'],
  ['SCHEDULED', 'schedule', 'SCHEDULED'],
  ['RUNNING', 'pause', 'PAUSED'],
  ['PAUSED', 'resume', 'RUNNING'],
  ['SCHEDULED', 'missWindow', 'FAILED'],
  ['PENDING', 'missWindow', 'FAILED'],
  ...(['SCHEDULED', 'RUNNING', 'PAUSED', 'CANCELLING'] as const).map(
    (from) => [from, 'closeWindow', 'FAILED'] as const,
  ),
  ['SCHEDULED', 'start', 'RUNNING'],
  ['PENDING', 'start', 'RUNNING'],
  ['RUNNING', 'complete', 'COMPLETED'],
  ['CANCELLING', 'complete', 'COMPLETED'],
  ['SCHEDULED', 'serveCached', 'COMPLETED'],
  ['PENDING', 'serveCached', 'COMPLETED'],
  ...(['SCHEDULED', 'PENDING', 'RUNNING', 'PAUSED', 'CANCELLING'] as const).flatMap((from) => [
    [from, 'fail', 'FAILED'] as const,
    [from, 'timeOut', 'FAILED'] as const,
  ]),
  ['RUNNING', 'retryLater', 'SCHEDULED'],
  ['SCHEDULED', 'skip', 'SKIPPED'],
  ['PENDING', 'skip', 'SKIPPED'],
  ['RUNNING', 'requestCancel', 'CANCELLING'],
  ['PAUSED', 'requestCancel', 'CANCELLING'],
  ['SCHEDULED', 'cancelled', 'CANCELLED'],
  ['PENDING', 'cancelled', 'CANCELLED'],
  ['PAUSED', 'cancelled', 'CANCELLED'],
  ['CANCELLING', 'cancelled', 'CANCELLED'],
  ['RUNNING', 'interrupt', 'SCHEDULED'],
  ['PAUSED', 'interrupt', 'SCHEDULED'],
  ['PENDING', 'interrupt', 'SCHEDULED'],
  ['SCHEDULED', 'refuseRecovery', 'CRASHED'],
  ['PENDING', 'refuseRecovery', 'CRASHED'],
  ['RUNNING', 'refuseRecovery', 'CRASHED'],
  ['PAUSED', 'refuseRecovery', 'CRASHED'],
  ...(['COMPLETED', 'FAILED', 'CRASHED', 'CANCELLED', 'SKIPPED'] as const).map(
    (from) => [from, 'again', 'PENDING'] as const,
  ),
];

const events = Object.values(EVENTS);
const pairs = STATE_TYPES.flatMap((type) => events.map((event) => [type, event] as const));

describe('the transition table', () => {
  it.each(pairs)('%s: what $type does there', (type, event) => {
    const legal = LEGAL.find(([from, on]) => from === type && on === event.type);
    const result = transition(taskIn(STATES[type]), event, { now: NOW + 9 });
    if (legal === undefined) {
      expect(result).toEqual({ ok: false, reason: expect.stringContaining(type) });
    } else {
      expect(result.ok && result.run.state.type).toBe(legal[2]);
    }
  });

  it('has each pair once', () => {
    const seen = TRANSITIONS.flatMap((row) => row.from.map((from) => `${from} ${row.event}`));
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toHaveLength(LEGAL.length);
  });

  it('names only states that its transition gives', () => {
    for (const { event, from, names } of TRANSITIONS) {
      for (const type of from) {
        const result = transition(taskIn(STATES[type]), EVENTS[event], { now: NOW });
        expect(names).toContain(result.ok && result.run.state.name);
      }
    }
  });
});

function walk(run: Run, sequence: readonly RunEvent[]): Run[] {
  const path = [run];
  for (const [at, event] of sequence.entries()) {
    const result = transition(path.at(-1) as Run, event, { now: NOW + at });
    if (result.ok) path.push(result.run);
  }
  return path;
}

const anySequence = fc.array(fc.constantFrom(...events), { maxLength: 60 });
const start = taskIn({ type: 'PENDING', name: 'Pending' });

describe('whatever happens to a run', () => {
  it('leaves a terminal state only into a new generation', () => {
    fc.assert(
      fc.property(anySequence, (sequence) => {
        const path = walk(start, sequence);
        for (const [at, run] of path.entries()) {
          const before = path[at - 1];
          if (before === undefined || !isTerminal(before.state)) continue;
          expect(run.generation).toBe(before.generation + 1);
          expect(run).toMatchObject({ attempts: 0, recoveries: 0, state: { type: 'PENDING' } });
          expect(run.startedAt ?? run.endedAt).toBeUndefined();
        }
      }),
    );
  });

  it('grows its version by one, and its generation only with `again`', () => {
    fc.assert(
      fc.property(anySequence, (sequence) => {
        const path = walk(start, sequence);
        for (const [at, run] of path.entries()) expect(run.version).toBe(at + 1);
      }),
    );
  });

  it('counts attempts that started and failed, recoveries that interrupted a running one', () => {
    fc.assert(
      fc.property(anySequence, (sequence) => {
        const path = walk(start, sequence);
        const last = path.at(-1) as Run;
        const present = path.filter((run) => run.generation === last.generation);
        const fresh = present.filter(
          ({ state }) => state.type === 'RUNNING' && state.name !== 'Resumed',
        );
        expect(last.attempts).toBe(fresh.length);
        const crashed = present.filter(
          (run, at) =>
            present[at - 1]?.state.type === 'RUNNING' && run.state.name === 'AwaitingRecovery',
        );
        expect(last.recoveries).toBe(crashed.length);
        expect(last.endedAt !== undefined).toBe(isTerminal(last.state));
      }),
    );
  });
});

describe('an attempt', () => {
  const step = (run: Run, event: RunEvent): Run => {
    const result = transition(run, event, { now: NOW + 10 });
    if (!result.ok) throw new Error(result.reason);
    return result.run;
  };

  it('keeps its number when a crash cuts it off, and gets the next one after a failure', () => {
    const running = step(start, EVENTS.start);
    const resumed = step(step(running, EVENTS.interrupt), EVENTS.start);
    expect(resumed).toMatchObject({ attempts: 1, recoveries: 1, state: { name: 'Resumed' } });
    const retrying = step(step(resumed, EVENTS.retryLater), EVENTS.start);
    expect(retrying).toMatchObject({ attempts: 2, state: { name: 'Retrying', attempt: 2 } });
    expect(step(retrying, { type: 'interrupt', crashed: false })).toMatchObject({ recoveries: 1 });
  });

  it('is the first one, and tells onStart, when nothing had run before the interruption', () => {
    const waiting = step(start, { type: 'interrupt', crashed: false });
    const result = transition(waiting, EVENTS.start, { now: NOW });
    expect(result).toMatchObject({
      run: { attempts: 1, state: { name: 'Running', attempt: 1 } },
      effects: [{ type: 'hook', hook: 'onStart' }],
    });
  });

  it('keeps what it is while it waits for a slot or a window', () => {
    const slot = { type: 'schedule', name: 'AwaitingSlot', dueAt: NOW, limits: ['db'] } as const;
    const window = { type: 'schedule', name: 'AwaitingWindow', dueAt: NOW } as const;
    const waits = (run: Run): Run => step(step(run, window), slot);
    const running = step(start, EVENTS.start);
    expect(waits(start).state).toEqual({
      type: 'SCHEDULED',
      name: 'AwaitingSlot',
      dueAt: NOW,
      limits: ['db'],
    });
    expect(step(waits(start), EVENTS.start).state.name).toBe('Running');
    expect(step(waits(step(running, EVENTS.retryLater)), EVENTS.start)).toMatchObject({
      attempts: 2,
      state: { name: 'Retrying', attempt: 2 },
    });
    expect(step(waits(step(running, EVENTS.interrupt)), EVENTS.start)).toMatchObject({
      attempts: 1,
      state: { name: 'Resumed', attempt: 1 },
    });
  });

  it('takes what it depends on with any event, in tasks alone', () => {
    const dependsOn = [{ runId: start.id, generation: 3 }];
    const facts = { now: NOW, dependsOn };
    expect(transition(start, EVENTS.start, facts)).toMatchObject({ run: { dependsOn } });
    const flow = transition(flowIn(STATES.PENDING), EVENTS.start, facts);
    expect(flow.ok && 'dependsOn' in flow.run).toBe(false);
  });
});

describe('effects', () => {
  it('tell the hook of the state that is reached', () => {
    const hooks = LEGAL.map(([from, on]) => {
      const result = transition(flowIn(STATES[from]), EVENTS[on], { now: NOW });
      return [on, result.ok ? result.effects.map(({ hook }) => hook) : undefined];
    });
    expect(Object.fromEntries(hooks)).toEqual({
      schedule: [],
      start: ['onStart'],
      complete: ['onSuccess'],
      serveCached: ['onSuccess'],
      fail: ['onFailure'],
      timeOut: ['onFailure'],
      retryLater: ['onRetry'],
      skip: ['onSkip'],
      pause: [],
      resume: [],
      missWindow: ['onFailure'],
      closeWindow: ['onFailure'],
      requestCancel: [],
      cancelled: ['onCancel'],
      interrupt: [],
      refuseRecovery: ['onCrash'],
      again: [],
    });
  });

  it('bound each generation anew', () => {
    const run = taskIn(STATES.FAILED, { bounds: { deadline: NOW } });
    const bounds = { deadline: NOW + 5, window: { opensAt: NOW, closesAt: NOW + 9 } };
    expect(transition(run, EVENTS.again, { now: NOW, bounds })).toMatchObject({ run: { bounds } });
    const free = transition(run, EVENTS.again, { now: NOW });
    expect(free.ok && 'bounds' in free.run).toBe(false);
    const underWay = taskIn(STATES.PENDING, { bounds });
    expect(transition(underWay, EVENTS.start, { now: NOW })).toMatchObject({ run: { bounds } });
  });

  it('tell a rolled back run nothing of it in its next generation', () => {
    const run = taskIn(STATES.COMPLETED, { rolledBackAt: NOW, parentTry: '1.1' });
    const result = transition(run, EVENTS.again, { now: NOW, parentTry: '1.2' });
    expect(result).toMatchObject({ run: { parentTry: '1.2', generation: 2 } });
    expect(result.ok && 'rolledBackAt' in result.run).toBe(false);
  });
});
