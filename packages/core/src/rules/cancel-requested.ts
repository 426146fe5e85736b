import { ACCEPT, type Rule } from './rule.ts';

/** What was asked to stop neither starts nor tries again. */
export const cancelRequested: Rule = {
  name: 'cancel-requested',
  on: ['start', 'retryLater', 'requestCancel'],
  decide: (run, event, facts) => {
    const reason = event.type === 'requestCancel' ? event.reason : facts.cancelReason;
    if (reason === undefined) return ACCEPT;
    const idle = run.state.type === 'SCHEDULED' || run.state.type === 'PENDING';
    if (idle) return { kind: 'replace', event: { type: 'cancelled', reason } };
    return event.type === 'retryLater'
      ? { kind: 'replace', event: { type: 'requestCancel', reason } }
      : ACCEPT;
  },
};
