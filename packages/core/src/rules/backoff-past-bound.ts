import { ACCEPT, type Rule } from './rule.ts';

/** A failed attempt whose retry would start when the time of its run is over fails now. */
export const backoffPastBound: Rule = {
  name: 'backoff-past-bound',
  on: ['retryLater'],
  decide: (_run, event, { timeOver }) =>
    event.type === 'retryLater' && timeOver !== undefined && event.dueAt >= timeOver.at
      ? { kind: 'replace', event: timeOver.ending }
      : ACCEPT,
};
