import { HoldfastError } from '@holdfast/core';
import { describe, expect, it } from 'vitest';
import { asStoreError } from '../../src/s3/problems.ts';

function sdkError(code: string | undefined, status?: number, name = code ?? 'Unknown'): Error {
  const error = Object.assign(new Error(`what the service says with hunter2`), {
    ...(code === undefined ? {} : { Code: code }),
    $metadata: status === undefined ? {} : { httpStatusCode: status, requestId: 'r1' },
    CanonicalRequest: 'x-amz-security-token:hunter2',
  });
  error.name = name;
  return error;
}

const meant = (error: unknown): unknown =>
  asStoreError(error, "read 'a'", (text) => text.replaceAll('hunter2', '[secret]'));

describe('what an error of the SDK means', () => {
  it.each([
    ['NoSuchKey', 404, 'missing'],
    [undefined, 404, 'missing'],
    ['NoSuchBucket', 404, 'invalid'],
    ['AccessDenied', 403, 'denied'],
    [undefined, 403, 'denied'],
    ['InvalidAccessKeyId', 403, 'denied'],
    ['SignatureDoesNotMatch', 403, 'denied'],
    ['ExpiredToken', 400, 'denied'],
    ['RequestTimeTooSkewed', 403, 'unavailable'],
    ['RequestTimeout', 400, 'unavailable'],
    ['SlowDown', 503, 'unavailable'],
    ['InternalError', 200, 'unavailable'],
    [undefined, 500, 'unavailable'],
    [undefined, 502, 'unavailable'],
    [undefined, 429, 'unavailable'],
    ['ConditionalRequestConflict', 409, 'unavailable'],
    ['NoSuchUpload', 404, 'unavailable'],
    ['PreconditionFailed', 412, 'exists'],
    ['BadDigest', 400, 'incomplete'],
    ['IncompleteBody', 400, 'incomplete'],
    ['QuotaExceeded', 403, 'full'],
    ['InsufficientStorage', 503, 'full'],
    ['XMinioStorageFull', 507, 'full'],
    [undefined, 507, 'full'],
    ['NotImplemented', 501, 'invalid'],
    ['InvalidBucketName', 400, 'invalid'],
    ['PermanentRedirect', 301, 'invalid'],
    ['EntityTooLarge', 400, 'invalid'],
  ])('%s with %i is %s', (code, status, problem) => {
    expect(meant(sdkError(code, status))).toMatchObject({
      problem,
      retryable: problem === 'unavailable' || problem === 'incomplete',
      context: { status, requestId: 'r1' },
    });
  });

  it.each([
    ['ECONNREFUSED', 'unavailable'],
    ['ECONNRESET', 'unavailable'],
    ['ENOTFOUND', 'unavailable'],
    ['ETIMEDOUT', 'unavailable'],
    ['TimeoutError', 'unavailable'],
    ['CERT_HAS_EXPIRED', 'invalid'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'invalid'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'invalid'],
    ['CredentialsProviderError', 'denied'],
  ])('%s, without an answer, is %s', (code, problem) => {
    expect(meant(sdkError(undefined, undefined, code))).toMatchObject({ problem });
  });

  it('is told by a hint where there is something to do', () => {
    for (const code of ['NoSuchBucket', 'PermanentRedirect', 'RequestTimeTooSkewed']) {
      const plain = meant(sdkError('InvalidArgument', 400)) as HoldfastError;
      expect((meant(sdkError(code, 400)) as HoldfastError).hint).not.toBe(plain.hint);
    }
  });

  it('does not tell what the request was signed with', () => {
    const error = meant(sdkError('SignatureDoesNotMatch', 403)) as Error;
    const told = [error.message, error.stack, (error.cause as Error).message];
    expect(told.join()).not.toContain('hunter2');
    expect(JSON.stringify(error.cause)).not.toContain('Canonical');
    expect((error.cause as Error).stack).not.toContain('hunter2');
  });

  it('leaves an error of our own as it is', () => {
    const own = new HoldfastError('SECRET_MISSING', 'not set');
    expect(meant(own)).toBe(own);
  });
});
