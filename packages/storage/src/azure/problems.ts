import { isHoldfastError, ObjectStoreError } from '@holdfast/core';
import type { ObjectStoreProblem } from '@holdfast/core';

/** What the error codes of the blob service mean. Others are told by their status. */
const BY_CODE: { readonly [code: string]: ObjectStoreProblem } = {
  BlobNotFound: 'missing',
  ResourceNotFound: 'missing',
  ContainerNotFound: 'invalid',
  ContainerBeingDeleted: 'invalid',
  ContainerDisabled: 'denied',
  BlobAlreadyExists: 'exists',
  ConditionNotMet: 'exists',
  BlobImmutableDueToPolicy: 'denied',
  LeaseIdMissing: 'denied',
  LeaseIdMismatchWithBlobOperation: 'denied',
  Md5Mismatch: 'incomplete',
  InvalidMd5: 'incomplete',
  // Another write of the object has been committed: the blocks of this one are gone.
  InvalidBlockList: 'unavailable',
  OperationTimedOut: 'unavailable',
  ServerBusy: 'unavailable',
};

const BY_STATUS: { readonly [status: number]: ObjectStoreProblem } = {
  401: 'denied',
  403: 'denied',
  404: 'missing',
  408: 'unavailable',
  409: 'invalid',
  412: 'exists',
  429: 'unavailable',
  507: 'full',
};

const HINTS: { readonly [code: string]: string } = {
  ContainerNotFound: 'Create the container, or correct its name or the account.',
  InvalidBlockList:
    'Another write of the object ended meanwhile, and discarded the blocks of this one. Write it again.',
  LeaseIdMissing: 'Somebody holds a lease on the blob or container: let it be released.',
  BlobImmutableDueToPolicy: 'Wait until its time is over: nobody can change it before.',
};

/** Errors of TLS last until somebody changes a certificate or a setting. */
const TLS = /^(?:ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(?:GET|VERIFY)_)/;

/** What the SDK throws, as far as it is looked at. */
interface RestError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
  readonly statusCode?: number;
  readonly details?: { readonly errorCode?: string };
}

function problemOf(code: string, status: number | undefined): ObjectStoreProblem {
  const known = BY_CODE[code] ?? (status === undefined ? undefined : BY_STATUS[status]);
  if (known !== undefined) return known;
  if (TLS.test(code)) return 'invalid';
  // Without a status there was no answer.
  if (status === undefined || status >= 500 || status < 300) return 'unavailable';
  return 'invalid';
}

/**
 * What an error of the SDK means. Its own properties are left behind: among them is the request, with what it was
 * signed by.
 *
 * @param what what was being done to what, to follow 'Cannot'
 * @param scrub takes secrets out of a text
 */
export function asStoreError(error: unknown, what: string, scrub: (text: string) => string): Error {
  if (isHoldfastError(error)) return error;
  const {
    name,
    message,
    stack = '',
    code: named,
    details,
    statusCode: status,
  } = error as RestError;
  const code = details?.errorCode ?? named ?? name;
  // The rest of a message of the service tells the request and its time.
  const [first = ''] = scrub(message).split('\n', 1);
  const told = first === '' ? '' : `: ${first}`;
  const cause = new Error(first);
  cause.name = name;
  cause.stack = scrub(stack);
  return new ObjectStoreError(
    problemOf(code, status),
    `Cannot ${what} (${status === undefined ? code : `${status} ${code}`})${told}`,
    {
      cause,
      ...(HINTS[code] === undefined ? {} : { hint: HINTS[code] }),
      context: { code, ...(status === undefined ? {} : { status }) },
    },
  );
}
