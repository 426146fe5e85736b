import type { OpenState, TerminalState } from '@holdfast/core';

/** Which state types belong to runs that have not ended; every type is here, or this does not compile. */
const IS_OPEN: { readonly [T in OpenState['type']]: true } & {
  readonly [T in TerminalState['type']]: false;
} = {
  SCHEDULED: true,
  PENDING: true,
  RUNNING: true,
  PAUSED: true,
  CANCELLING: true,
  COMPLETED: false,
  FAILED: false,
  CRASHED: false,
  CANCELLED: false,
  SKIPPED: false,
};

const OPEN = Object.entries(IS_OPEN).flatMap(([type, open]) => (open ? [type] : []));

/** Whether a run in a state of this type has not ended. */
export function isOpenType(type: string): boolean {
  return OPEN.includes(type);
}

/**
 * The open state types as SQL literals. They must stand in a query as they stand in the partial index,
 * or SQLite does not see that the index serves it.
 */
export const OPEN_STATE_TYPES = OPEN.map((type) => `'${type}'`).join(', ');
