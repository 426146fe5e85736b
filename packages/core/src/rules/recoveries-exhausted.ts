import { ACCEPT, type Rule } from './rule.ts';

/** A run whose process died too often is not taken up again: it may be what kills the process. */
export const recoveriesExhausted: Rule = {
  name: 'recoveries-exhausted',
  on: ['interrupt'],
  decide: (run, event, facts) => {
    const allowed = facts.maxRecoveries;
    if (event.type !== 'interrupt' || !event.crashed) return ACCEPT;
    if (allowed === undefined || run.state.type !== 'RUNNING' || run.recoveries < allowed) {
      return ACCEPT;
    }
    return {
      kind: 'replace',
      event: {
        type: 'refuseRecovery',
        error: {
          name: 'HoldfastError',
          code: 'RECOVERIES_EXHAUSTED',
          message: `The ${run.kind} '${run.name}' was under way when its process died, ${run.recoveries + 1} times.`,
          hint: 'Find out what ends the process while it runs; then run it again, or raise maxRecoveries.',
          retryable: false,
        },
      },
    };
  },
};
