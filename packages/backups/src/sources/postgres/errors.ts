import { HoldfastError, isHoldfastError } from '@holdfast/core';

/** What went wrong, by what PostgreSQL's programs print: the code, whether to try again, what to do. */
type Verdict = readonly [pattern: RegExp, code: string, retryable: boolean, hint: string];

/**
 * Before a session is there, no SQLSTATE is printed, and messages are in the server's language: what is not
 * recognised is told as it is.
 */
const VERDICTS: readonly Verdict[] = [
  [
    /password authentication failed|no password supplied|authentication failed|no pg_hba\.conf entry|FATAL: +role ".*" does not exist|28P01|28000/,
    'SOURCE_LOGIN_REFUSED',
    false,
    'Check the user, the password that the reference names, and pg_hba.conf of the server.',
  ],
  [
    /being accessed by other users|55006/,
    'RESTORE_TARGET_BUSY',
    true,
    'Stop what uses the database that is to be replaced, or restore under another name.',
  ],
  [
    /permission denied to create database|invalid (LC_\w+ )?locale name|could not create locale/,
    'RESTORE_PREREQUISITE_MISSING',
    false,
    'Grant CREATEDB to the user; install the locale that is named on the server.',
  ],
  [
    /does not support SSL|SSL error|certificate verify failed|root certificate file|server certificate for/,
    'SOURCE_LOGIN_REFUSED',
    false,
    'See the option tls: the server does not encrypt as it is asked to, or is not the one that its certificate names.',
  ],
  [
    /FATAL: +database ".*" does not exist|3D000/,
    'SOURCE_MISSING',
    false,
    "Check the database's name; case counts.",
  ],
  [
    /permission denied|must be superuser|must be owner|42501|row-level security/,
    'SOURCE_UNREADABLE',
    false,
    'Grant the right that is named; for a whole database: GRANT pg_read_all_data (PostgreSQL 14), or a superuser.',
  ],
  [
    /lock timeout|55P03|deadlock detected|40P01/,
    'SOURCE_BUSY',
    true,
    'Another session holds a lock on a table, most likely an ALTER TABLE, a VACUUM FULL or a migration.',
  ],
  [
    /could not translate host name|Connection refused|No such file or directory|timeout expired|Connection timed out|server closed the connection|could not connect|terminating connection|the database system is|too many clients|remaining connection slots|57P0\d|08\d\d\d|53300/,
    'SOURCE_UNREACHABLE',
    true,
    'Check host and port, and that the server runs and takes connections.',
  ],
];

/** The end of what a failed program printed. */
function stderrOf(error: unknown): string | undefined {
  if (!isHoldfastError(error) || error.code !== 'TOOL_FAILED') return undefined;
  const { stderr } = error.context;
  return typeof stderr === 'string' ? stderr : '';
}

/**
 * Says what a failed program of PostgreSQL means.
 *
 * @param what the server and database, for people: no credentials
 * @returns the error itself when it is none of a program, else one with a code
 */
export function postgresError(error: unknown, what: string, otherwise = 'SOURCE_FAILED'): unknown {
  const stderr = stderrOf(error);
  if (stderr === undefined) return error;
  const unknown: Verdict = [/^/, otherwise, true, 'See what PostgreSQL said.'];
  const [, code, retryable, hint] = VERDICTS.find(([pattern]) => pattern.test(stderr)) ?? unknown;
  return told(error, stderr, what, { code, retryable, hint });
}

interface Told {
  readonly code: string;
  readonly retryable: boolean;
  readonly hint: string;
}

function told(
  error: unknown,
  stderr: string,
  what: string,
  { code, ...rest }: Told,
): HoldfastError {
  const lines = stderr.split('\n');
  const line = lines.find((one) => /ERROR|FATAL|error:/.test(one)) ?? lines[0] ?? '';
  return new HoldfastError(code, `${what}: ${line.replace(/^psql:[^ ]* /, '').trim()}`, {
    ...rest,
    cause: error,
    context: { server: what, stderr },
  });
}

/** What keeps a good backup from being restored in this place. */
const CIRCUMSTANCES: readonly (readonly [pattern: RegExp, told: Told])[] = [
  [
    /No space left on device|could not extend file|53100/,
    {
      code: 'SCRATCH_TOO_SMALL',
      retryable: true,
      hint: 'Make room where the server keeps its files.',
    },
  ],
  [
    /server closed the connection|could not connect|connection to server|terminating connection|the database system is|out of (shared )?memory/,
    {
      code: 'SOURCE_UNREACHABLE',
      retryable: true,
      hint: 'The server that is restored into went away. See its log.',
    },
  ],
  [
    /role ".*" does not exist|is not available|could not open extension control file|invalid (LC_\w+ )?locale name|ICU|tablespace ".*" does not exist|type ".*" does not exist|could not access file|could not load library|permission denied|must be superuser|must be owner|must be able to SET ROLE/,
    {
      code: 'RESTORE_PREREQUISITE_MISSING',
      retryable: false,
      hint: 'The server that is restored into lacks what is named: a role, an extension, a locale, a right. Nothing is said of the backup.',
    },
  ],
];

/** Says what a failed restore means: of the backup, unless it is plain that something else was lacking. */
export function restoreError(error: unknown, what: string): unknown {
  const stderr = stderrOf(error);
  if (stderr === undefined) return error;
  const circumstance = CIRCUMSTANCES.find(([pattern]) => pattern.test(stderr))?.[1];
  const damage: Told = {
    code: 'RESTORE_FAILED',
    retryable: false,
    hint: 'Make a fresh backup, and keep the earlier ones.',
  };
  return told(error, stderr, what, circumstance ?? damage);
}
