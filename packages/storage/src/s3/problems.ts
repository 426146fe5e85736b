import { isHoldfastError, ObjectStoreError } from '@holdfast/core';
import type { ObjectStoreProblem } from '@holdfast/core';

/** What the error codes of S3 mean, and of services that speak it. Others are told by their status. */
const BY_CODE: { readonly [code: string]: ObjectStoreProblem } = {
  NoSuchKey: 'missing',
  NoSuchBucket: 'invalid',
  NoSuchUpload: 'unavailable',
  AccessDenied: 'denied',
  AllAccessDisabled: 'denied',
  AccountProblem: 'denied',
  ExpiredToken: 'denied',
  InvalidAccessKeyId: 'denied',
  InvalidToken: 'denied',
  SignatureDoesNotMatch: 'denied',
  CredentialsProviderError: 'denied',
  RequestTimeTooSkewed: 'unavailable',
  RequestTimeout: 'unavailable',
  InternalError: 'unavailable',
  SlowDown: 'unavailable',
  ConditionalRequestConflict: 'unavailable',
  OperationAborted: 'unavailable',
  PreconditionFailed: 'exists',
  BadDigest: 'incomplete',
  IncompleteBody: 'incomplete',
  InvalidDigest: 'incomplete',
  XAmzContentSHA256Mismatch: 'incomplete',
  XAmzContentChecksumMismatch: 'incomplete',
  InsufficientStorage: 'full',
  QuotaExceeded: 'full',
  ServiceQuotaExceededException: 'full',
  XMinioAdminBucketQuotaExceeded: 'full',
  XMinioStorageFull: 'full',
};

const BY_STATUS: { readonly [status: number]: ObjectStoreProblem } = {
  401: 'denied',
  403: 'denied',
  404: 'missing',
  408: 'unavailable',
  409: 'unavailable',
  412: 'exists',
  425: 'unavailable',
  429: 'unavailable',
  501: 'invalid',
  507: 'full',
};

/** Errors of TLS last until somebody changes a certificate or a setting. */
const TLS =
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(?:GET|VERIFY)_)|HOSTNAME_MISMATCH/;

const HINTS: { readonly [code: string]: string } = {
  NoSuchBucket: 'Create the bucket, or correct its name or its region.',
  PermanentRedirect: "The bucket is in another region: give the store that bucket's region.",
  AuthorizationHeaderMalformed: "Give the store the bucket's own region.",
  RequestTimeTooSkewed: "Set this machine's clock: it and the service's are far apart.",
  NotImplemented:
    "The service does not know this request. If it was one with ifAbsent, open the store with { ifAbsent: 'looks' }, or with { ifAbsent: 'refused' }.",
};

/** What the SDK throws, as far as it is looked at. */
interface SdkError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly Code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}

function problemOf(code: string, status: number | undefined): ObjectStoreProblem {
  const known = BY_CODE[code] ?? (status === undefined ? undefined : BY_STATUS[status]);
  if (known !== undefined) return known;
  if (TLS.test(code)) return 'invalid';
  // Without a status there was no answer.
  if (status === undefined || status >= 500 || status < 300) return 'unavailable';
  return 'invalid';
}

/** The code of an error of the service, or of the connection to it; '' when there is none. */
function codeOf(error: unknown): string {
  const { Code, code, name } = error as SdkError;
  return Code ?? code ?? name ?? '';
}

function statusOf(error: unknown): number | undefined {
  return (error as SdkError).$metadata?.httpStatusCode;
}

/**
 * What an error of the SDK means. Its own properties are left behind: among them are the request as it was signed, and
 * with it a session token.
 *
 * @param what what was being done to what, to follow 'Cannot'
 * @param scrub takes secrets out of a text
 */
export function asStoreError(error: unknown, what: string, scrub: (text: string) => string): Error {
  if (isHoldfastError(error)) return error;
  const { message, name, stack = '', $metadata } = error as SdkError & Error;
  const code = codeOf(error);
  const status = statusOf(error);
  const cause = new Error(scrub(message));
  cause.name = name;
  cause.stack = scrub(stack);
  const requestId = $metadata?.requestId;
  return new ObjectStoreError(
    problemOf(code, status),
    `Cannot ${what} (${status === undefined ? code : `${status} ${code}`}): ${cause.message}`,
    {
      cause,
      ...(HINTS[code] === undefined ? {} : { hint: HINTS[code] }),
      context: {
        code,
        ...(status === undefined ? {} : { status }),
        ...(requestId === undefined ? {} : { requestId }),
      },
    },
  );
}
