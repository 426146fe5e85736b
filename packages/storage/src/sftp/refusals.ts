import { ObjectStoreError } from '@holdfast/core';
import type { PutOptions } from '@holdfast/core';
import type { SftpSettings } from './options.ts';
import type { Requests } from './requests.ts';
import type { Extension } from './session.ts';

/**
 * Checks how an object is to be written; answers how its key is kept free until then.
 *
 * @throws `OBJECT_STORE_INVALID` for what the store was not opened for
 */
export function refuseWrite(
  key: string,
  { ifAbsent = false, retainUntil }: PutOptions,
  settings: SftpSettings,
): 'hardlink' | 'looks' | undefined {
  const context = { key };
  if (retainUntil !== undefined) {
    const message = `A store on an SFTP server cannot keep '${key}' until a time.`;
    const hint = 'Write without retainUntil, or to a service that locks objects.';
    throw new ObjectStoreError('invalid', message, { hint, context });
  }
  if (!ifAbsent) return undefined;
  if (settings.ifAbsent !== 'refused') return settings.ifAbsent;
  const message = `'${key}' cannot be written: the store was opened without ifAbsent.`;
  throw new ObjectStoreError('invalid', message, { hint: 'Write without ifAbsent.', context });
}

function need(requests: Requests, extension: Extension, what: string, hint: string): void {
  if (requests.offers(extension)) return;
  const message = `The server does not offer ${extension}, without which ${what}.`;
  throw new ObjectStoreError('invalid', message, { hint, context: { extension } });
}

/**
 * Refuses a server that lacks what a write needs, before the body is read.
 *
 * @throws `OBJECT_STORE_INVALID`
 */
export function refuseServer(
  requests: Requests,
  { sync }: SftpSettings,
  ifAbsent: 'hardlink' | 'looks' | undefined,
): void {
  if (sync === 'required') {
    const hint = "Use OpenSSH's server; or accept that, with { sync: 'where-offered' }.";
    need(requests, 'fsync@openssh.com', 'a write may be lost with the server', hint);
  }
  if (ifAbsent === 'hardlink') {
    const hint = "Use OpenSSH's server; or open the store with { ifAbsent: 'looks' }.";
    need(requests, 'hardlink@openssh.com', 'ifAbsent cannot be kept', hint);
  } else {
    const hint = "Use OpenSSH's server, or another one that offers it.";
    need(requests, 'posix-rename@openssh.com', 'no object is replaced in one step', hint);
  }
}
