import { HoldfastError, isHoldfastError } from '@holdfast/core';
import { errorOf } from '../record/error-of.ts';
import { StoreFault } from '../record/fault.ts';

/** What PostgreSQL says of an error: https://www.postgresql.org/docs/current/errcodes-appendix.html */
interface DatabaseError extends Error {
  readonly code?: string;
  readonly detail?: string;
}

/** Raised by our own functions. */
const NEWER = 'HF001';
export const RUN_EXISTS = 'HF002';
export const COMMITS_MISSING = 'HF003';
export const RUN_MISSING = 'HF004';
/** A row with this key is there already. */
export const NOT_UNIQUE = '23505';

/** The code of an error: PostgreSQL's five characters, or the operating system's. */
export function codeOf(error: unknown): string {
  const { code } = error as DatabaseError;
  return typeof code === 'string' ? code : '';
}

/** The detail of an error that one of our functions raised. */
export function detailOf(error: unknown): string {
  return (error as DatabaseError).detail ?? '';
}

/** A server that ends, starts, is a standby, or has no connection left. */
const AWAY = /^(?:08...|57P0[1235]|53300|25006|E[A-Z_]+)$/;

/** The server knows no statement of this name, or has another one of it: a connection is shared that was taken for our own. */
const MISNAMED = /^(?:26000|42P05)$/;

/** Whether a statement was not executed because of its name. */
export function isMisnamed(error: unknown): boolean {
  return MISNAMED.test(codeOf(error));
}

/** Two transactions were in each other's way, and this one was undone. */
const COLLIDED = /^40(?:001|P01)$/;

/** What the package `pg` says without a code when a connection ends under it. */
const CUT =
  /connection (?:terminated|ended|error|timeout)|timeout exceeded when trying to connect|not queryable/i;

/** Whether the server was not there, or went away under a call. */
export function isAway(error: unknown): boolean {
  if (!(error instanceof Error) || isHoldfastError(error)) return false;
  const code = codeOf(error);
  return code === '' ? CUT.test(error.message) : AWAY.test(code);
}

/** Whether the same call may succeed at once. */
export function isCollision(error: unknown): boolean {
  return COLLIDED.test(codeOf(error));
}

interface Explanation {
  readonly code: string;
  readonly what: string;
  readonly hint: string;
  readonly retryable: boolean;
}

const DENIED: Explanation = {
  code: 'STORE_DENIED',
  what: 'refused this user',
  hint: 'Check user, password and pg_hba.conf, and grant the user the schema and what is in it.',
  retryable: false,
};

const OUTDATED: Explanation = {
  code: 'STORE_OUTDATED',
  what: 'lacks tables or functions that this software needs',
  hint: "Open it once with migrate: 'auto'.",
  retryable: false,
};

const NEWER_SCHEMA: Explanation = {
  code: 'STORE_NEWER',
  what: 'was written by newer software',
  hint: 'Update @holdfast/storage here, or name another schema. Nothing was changed.',
  retryable: false,
};

const UNAVAILABLE: Omit<Explanation, 'what' | 'hint'> = {
  code: 'STORE_UNAVAILABLE',
  retryable: true,
};

/** By the beginning of the code; the longest that fits counts. */
const EXPLANATIONS: readonly (readonly [string, Explanation])[] = [
  [NEWER, NEWER_SCHEMA],
  ['28', DENIED],
  ['42501', DENIED],
  ['3D', { ...DENIED, what: 'does not exist', hint: 'Make the database, or name another.' }],
  ['3F', OUTDATED],
  ['42P01', OUTDATED],
  ['42883', OUTDATED],
  [
    '53',
    {
      ...UNAVAILABLE,
      what: 'lacks something that it needs',
      hint: 'See the cause: disk space, memory or connections. Nothing of this call was kept.',
    },
  ],
  [
    '25006',
    {
      ...UNAVAILABLE,
      what: 'takes no writes now',
      hint: 'It is a standby, or was set read-only: connect to the primary (target_session_attrs is not looked at).',
    },
  ],
  [
    '40',
    {
      ...UNAVAILABLE,
      what: 'let other transactions go first',
      hint: 'Try again. Nothing of this call was kept.',
    },
  ],
  [
    '55P03',
    {
      ...UNAVAILABLE,
      what: 'was held by another transaction for longer than its lock_timeout',
      hint: 'Try again; if it lasts, look for a transaction that was left open. Nothing of this call was kept.',
    },
  ],
  [
    '57',
    {
      ...UNAVAILABLE,
      what: 'ended this call',
      hint: 'It shuts down, starts, or has a statement_timeout that is shorter than this call took. Try again.',
    },
  ],
];

const GONE: Explanation = {
  ...UNAVAILABLE,
  what: 'could not be reached, or the connection to it was lost',
  hint: 'Look at the server and the network. Whether a write was applied may not be known: read the run before writing it again.',
};

const DEFECT: Explanation = {
  code: 'STORE_FAILED',
  what: 'failed',
  hint: 'This is a defect of the PostgreSQL run store, or somebody changed its tables: please report it with its cause.',
  retryable: false,
};

/** U+0000, or half a surrogate pair: JSON has them, a text of PostgreSQL has not. */
const UNKEEPABLE = /^(?:22021|22P05)$/;

function explain(error: unknown): Explanation {
  const code = codeOf(error);
  const fitting = EXPLANATIONS.filter(([start]) => code.startsWith(start));
  const [found] = fitting.toSorted(([a], [b]) => b.length - a.length);
  if (found !== undefined) return found[1];
  return isAway(error) ? GONE : DEFECT;
}

/** The error to tell for what went wrong on the store at `place`. */
export function storeError(error: unknown, place: string): HoldfastError {
  if (isHoldfastError(error)) return error;
  if (error instanceof StoreFault) return errorOf(error.fault);
  const sqlState = codeOf(error);
  if (UNKEEPABLE.test(sqlState)) {
    return new HoldfastError(
      'STORE_WRITE_INVALID',
      `A write to the run store ${place} holds text that PostgreSQL cannot keep`,
      {
        hint: 'Leave out U+0000 and half surrogate pairs. Nothing of the batch was written.',
        retryable: false,
        cause: error,
      },
    );
  }
  const { code, what, hint, retryable } = explain(error);
  return new HoldfastError(code, `The run store ${place} ${what}`, {
    hint,
    retryable,
    cause: error,
    context: { place, sqlState },
  });
}
