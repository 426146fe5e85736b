import type { Run } from './run.ts';

/**
 * Whether a run below a root waits on a queue, or is executed by who has claimed it. From the moment it is there until it
 * has ended, only who has its own lease writes it.
 */
export function isElsewhere({ queue, id, rootId }: Run): boolean {
  return queue !== undefined && id !== rootId;
}
