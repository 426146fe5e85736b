import { HoldfastError, isHoldfastError } from '@holdfast/core';

interface Told {
  readonly code: string;
  readonly retryable: boolean;
  readonly hint: string;
}

const REFUSED: Told = {
  code: 'SOURCE_LOGIN_REFUSED',
  retryable: false,
  hint: 'Check the user, the password, and its rights: SELECT, SHOW VIEW, TRIGGER, EVENT, and SHOW CREATE ROUTINE or SELECT on mysql.proc.',
};
const MISSING: Told = {
  code: 'SOURCE_MISSING',
  retryable: false,
  hint: "Check the database's name.",
};
const UNREACHABLE: Told = {
  code: 'SOURCE_UNREACHABLE',
  retryable: true,
  hint: 'Check the host and the port, and that the server is up.',
};
const CORRUPT: Told = {
  code: 'DUMP_CORRUPT_SOURCE',
  retryable: false,
  hint: 'Nothing was published. Repair or drop what is named.',
};
const FAILED: Told = {
  code: 'SOURCE_FAILED',
  retryable: true,
  hint: 'See what the server said.',
};

/** Numbers of errors: https://mariadb.com/kb/en/mariadb-error-codes/ */
function meaningOf(number: number): Told {
  if ([1044, 1045, 1142, 1143, 1227, 1370, 1698, 1419].includes(number)) return REFUSED;
  if (number === 1049) return MISSING;
  // A view that refers to what is not there; a damaged table.
  if ([126, 127, 144, 145, 1034, 1194, 1195, 1356].includes(number)) return CORRUPT;
  return number >= 2000 && number < 3000 ? UNREACHABLE : FAILED;
}

const NUMBER = /(?:^ERROR |error: )(\d{4})\b/m;

/** What a program printed to stderr before it failed; undefined for every other error. */
function stderrOf(error: unknown): string | undefined {
  if (!isHoldfastError(error) || error.code !== 'TOOL_FAILED') return undefined;
  const { stderr } = error.context;
  return typeof stderr === 'string' ? stderr : '';
}

function numberOf(stderr: string): number {
  return Number(NUMBER.exec(stderr)?.[1] ?? /\((\d{4})\)\s*$/.exec(stderr)?.[1] ?? '0');
}

/** The line that tells: with `--verbose` others come before it. */
function lineOf(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('--'));
  return lines.findLast((line) => NUMBER.test(line)) ?? lines.at(-1) ?? 'it gave no reason';
}

function told(error: unknown, stderr: string, what: string, { code, retryable, hint }: Told) {
  return new HoldfastError(code, `${what}: ${lineOf(stderr)}`, {
    hint,
    retryable,
    cause: error,
    context: { server: what, stderr },
  });
}

/** Says what the failure of a program means for a source; other errors stay as they are. */
export function mysqlError(error: unknown, what: string): unknown {
  const stderr = stderrOf(error);
  return stderr === undefined ? error : told(error, stderr, what, meaningOf(numberOf(stderr)));
}

/** The server was lost, or lacks a right, room, an engine, a collation. */
const CIRCUMSTANCES = [1021, 1037, 1041, 1044, 1045, 1114, 1142, 1227, 1273, 1286, 1419];

/** Says what a failed restore means: of the backup, unless it is plain that something else was lacking. */
export function restoreError(error: unknown, what: string): unknown {
  const stderr = stderrOf(error);
  if (stderr === undefined) return error;
  const number = numberOf(stderr);
  if (number >= 2000 && number < 3000) return told(error, stderr, what, UNREACHABLE);
  if (CIRCUMSTANCES.includes(number)) {
    return told(error, stderr, what, {
      code: 'RESTORE_PREREQUISITE_MISSING',
      retryable: false,
      hint: 'The server that is restored into lacks what is named. Nothing is said of the backup.',
    });
  }
  return told(error, stderr, what, {
    code: 'RESTORE_FAILED',
    retryable: false,
    hint: 'Make a fresh backup, and keep the earlier ones.',
  });
}

/** The message of a server for a failed statement, in a line. */
export function serverMessage(error: unknown): string {
  const stderr = isHoldfastError(error) ? error.context['stderr'] : undefined;
  return typeof stderr === 'string' ? lineOf(stderr) : String(error);
}
