import { ACCEPT, type Rule } from './rule.ts';

/** A run whose process died while it was being cancelled is cancelled: it is never taken up again. */
export const diedWhileCancelling: Rule = {
  name: 'died-while-cancelling',
  on: ['interrupt'],
  decide: (run) =>
    run.state.type === 'CANCELLING'
      ? { kind: 'replace', event: { ...run.state, type: 'cancelled' } }
      : ACCEPT,
};
