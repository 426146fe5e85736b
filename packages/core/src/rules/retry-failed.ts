import { ACCEPT, type Rule } from './rule.ts';

/** A failed attempt waits for its retry instead of failing, while the policy allows one. */
export const retryFailed: Rule = {
  name: 'retry-failed',
  on: ['fail', 'timeOut'],
  decide: (run, event, facts) => {
    if (run.state.type !== 'RUNNING' || facts.retry?.retry !== true) return ACCEPT;
    if (event.type !== 'fail' && event.type !== 'timeOut') return ACCEPT;
    const dueAt = facts.now + facts.retry.delay;
    return { kind: 'replace', event: { type: 'retryLater', dueAt, error: event.error } };
  },
};
