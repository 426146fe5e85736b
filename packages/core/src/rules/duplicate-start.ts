import { ACCEPT, type Rule } from './rule.ts';

/** A run that runs is not started a second time. */
export const duplicateStart: Rule = {
  name: 'duplicate-start',
  on: ['start'],
  decide: (run) =>
    run.state.type === 'RUNNING' || run.state.type === 'CANCELLING'
      ? { kind: 'refuse', reason: 'it is under way already' }
      : ACCEPT,
};
