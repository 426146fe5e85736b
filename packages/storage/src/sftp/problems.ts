import { ObjectStoreError } from '@holdfast/core';
import type { ObjectStoreProblem } from '@holdfast/core';

/**
 * The statuses of version 3 of the protocol, which servers speak; draft-ietf-secsh-filexfer-02, section 7. A server
 * says `failure` for most of what its system has a name for: a full disk, a name that is taken.
 */
const STATUS = {
  noSuchFile: 2,
  permissionDenied: 3,
  failure: 4,
  badMessage: 5,
  unsupported: 8,
} as const;

const PROBLEMS: { readonly [status: number]: ObjectStoreProblem } = {
  [STATUS.permissionDenied]: 'denied',
  // OpenSSH says so for names that are too long and for other arguments that its system refuses.
  [STATUS.badMessage]: 'invalid',
  [STATUS.unsupported]: 'invalid',
};

const HINTS: { readonly [status: number]: string } = {
  [STATUS.badMessage]: 'The server takes no such name or request; use a shorter key.',
  [STATUS.unsupported]: 'The server does not know this request; use another one.',
};

/** A request that failed: the server has answered with a status, or the connection was lost and it has none. */
export class SftpFailure extends Error {
  readonly status: number | undefined;

  constructor(message: string, status: number | undefined, cause: unknown) {
    super(message, { cause });
    this.name = 'SftpFailure';
    this.status = status;
  }
}

/** What the library has called back with; its numbers are those of the protocol. */
export function asFailure(error: unknown): SftpFailure {
  const { message, code } = error as { readonly message: string; readonly code?: unknown };
  return new SftpFailure(message, typeof code === 'number' ? code : undefined, error);
}

/** The status that a server has answered with; undefined for any other error. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof SftpFailure ? error.status : undefined;
}

/** Whether a path, or a directory on the way to it, is not there. */
export function isAbsence(error: unknown): boolean {
  return statusOf(error) === STATUS.noSuchFile;
}

/** Whether the server refused, without saying why. */
export function isPlainFailure(error: unknown): boolean {
  return statusOf(error) === STATUS.failure;
}

/**
 * What a failed request means; any other error passes as it is.
 *
 * @param what what was being done to what, to follow 'Cannot'
 */
export function asStoreError(error: unknown, what: string): unknown {
  if (!(error instanceof SftpFailure)) return error;
  const { status, message } = error;
  const hint = HINTS[status ?? -1];
  return new ObjectStoreError(
    PROBLEMS[status ?? -1] ?? 'unavailable',
    `Cannot ${what}: ${message}`,
    {
      cause: error,
      ...(status === undefined ? {} : { context: { status } }),
      ...(hint === undefined ? {} : { hint }),
    },
  );
}

/** Waits for a request; its failure says what was being done. */
export async function attempt<T>(what: string, request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    throw asStoreError(error, what);
  }
}
