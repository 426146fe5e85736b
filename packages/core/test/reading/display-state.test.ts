import { describe, expect, it } from 'vitest';
import { displayState, type State } from '@holdfast/core';
import { SAMPLE_STATES, SAMPLE_TIME, sampleFlow } from '../../src/testing/sample-runs.ts';

const DUE = SAMPLE_TIME + 60_000;

function notStarted(state: State) {
  const { startedAt: _, ...run } = sampleFlow(1, { state, attempts: 0 });
  return run;
}

describe('displayState', () => {
  it.each(SAMPLE_STATES)('is the name of $type $name while that is not due', (state) => {
    expect(displayState(notStarted(state), DUE)).toBe(state.name);
  });

  it('is Late once a start was due, and only then', () => {
    const late = SAMPLE_STATES.filter(
      (state) => displayState(notStarted(state), DUE + 1) === 'Late',
    );
    expect(late.map(({ name }) => name)).toEqual(['Scheduled', 'AwaitingWindow']);
  });

  it('is not Late for a run that has started before', () => {
    const state: State = { type: 'SCHEDULED', name: 'Scheduled', dueAt: DUE };
    expect(displayState(sampleFlow(1, { state }), DUE + 1)).toBe('Scheduled');
  });
});
