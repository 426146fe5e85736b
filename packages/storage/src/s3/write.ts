import { createHash } from 'node:crypto';
import type { ObjectInfo } from '@holdfast/core';
import { publishRemote, refuseTaken } from '../remote/remote-write.ts';
import type { Write } from '../remote/remote-write.ts';
import { markOf } from './place.ts';
import type { S3Place } from './place.ts';

interface ObjectParams {
  readonly Metadata: Record<string, string>;
  readonly ObjectLockMode?: 'COMPLIANCE' | 'GOVERNANCE';
  readonly ObjectLockRetainUntilDate?: Date;
}

/** What a request that makes an object says of it. */
export function objectParams({ settings }: S3Place, { id, retainUntil }: Write): ObjectParams {
  const { objectLock } = settings.options;
  const Metadata = markOf(id);
  if (retainUntil === undefined || objectLock === undefined) return { Metadata };
  return {
    Metadata,
    ObjectLockMode: objectLock === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE',
    ObjectLockRetainUntilDate: new Date(retainUntil),
  };
}

/** The condition under which an object is published. */
export function publishParams(
  { settings }: S3Place,
  { ifAbsent }: Write,
): {
  readonly IfNoneMatch?: '*';
} {
  return ifAbsent && settings.ifAbsent === 'conditional' ? { IfNoneMatch: '*' } : {};
}

/** What a body is sent with: S3 wants a checksum for what is to be locked, whatever the settings say. */
export function bodyParams({ settings }: S3Place, { retainUntil }: Write, bytes: Uint8Array) {
  const isChecked = settings.checksums === 'supported';
  const md5 =
    retainUntil === undefined || isChecked
      ? undefined
      : createHash('md5').update(bytes).digest('base64');
  return { Body: bytes, ...(md5 !== undefined && { ContentMD5: md5 }) };
}

/**
 * Makes the request that publishes an object, unless somebody else was there first: a service may not know the
 * condition.
 *
 * @param giveUp makes sure that a request that has failed comes to nothing after all
 */
export async function publish(
  place: S3Place,
  write: Write,
  bytes: number,
  signal: AbortSignal,
  request: () => Promise<unknown>,
  giveUp?: () => Promise<void>,
): Promise<ObjectInfo> {
  await refuseTaken(place, write, signal);
  return publishRemote(place, write, bytes, signal, request, giveUp);
}
