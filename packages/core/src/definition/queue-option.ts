import { optionsInvalid } from '../errors/errors.ts';
import { shownValue } from '../errors/shown-value.ts';
import type { GivenOptions } from './definition.ts';

const LONGEST_NAME = 200;

/** What names a queue. Throws `OPTIONS_INVALID`. */
export function queueName(what: string, name: unknown): string {
  const text = typeof name === 'string' && name.isWellFormed() && !/\p{Cc}/u.test(name);
  if (text && name !== '' && name.length <= LONGEST_NAME) return name;
  throw optionsInvalid(
    what,
    `a queue is named by a text of one line, at most ${LONGEST_NAME} characters, not ${shownValue(name)}`,
    "Give the queue a name such as 'dumps'.",
  );
}

/**
 * On which queue calls of a task wait. Refuses what the process of the flow alone could do for it: what is done elsewhere
 * is no part of its transactions.
 *
 * @throws `OPTIONS_INVALID`
 */
export function queueOption(what: string, options: GivenOptions): string | undefined {
  const { queue, onCommit, onRollback } = options;
  if (queue === undefined) return undefined;
  const name = queueName(what, queue);
  if (onCommit === undefined && onRollback === undefined) return name;
  throw optionsInvalid(
    what,
    'it has a queue, so that it is part of no transaction, and a hook that only transactions call',
    'Leave out onCommit and onRollback, or the queue.',
  );
}
