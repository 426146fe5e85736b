import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ObjectStoreError } from '@holdfast/core';
import { HostKeyError } from './host-key-error.ts';
import { knownKeys, knownName } from './known-hosts.ts';

/**
 * By what a server is known:
 * - the fingerprint of its key (`'SHA256:…'`, as `ssh-keygen -l` shows it) or the key itself (`'ssh-ed25519 AAAA…'`), or
 *   several of them;
 * - a file of known hosts, as OpenSSH keeps it;
 * - `{ unchecked: true }`: by nothing. Whoever answers gets the password and the backups.
 */
export type SftpHostKey =
  | string
  | readonly string[]
  | { readonly knownHosts: string }
  | { readonly unchecked: true };

/** Judges the key that a server shows. */
export interface HostKeyCheck {
  /** The algorithms of the keys that are known: the server is asked for one of those first. */
  readonly types: readonly string[];
  /** The error when the server is not what it claims to be; undefined when it is. */
  judge(key: Buffer): HostKeyError | undefined;
}

const FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}=?$/;
const PUBLIC_KEY = /^(?<type>[a-z0-9@.-]+) (?<key>[A-Za-z0-9+/]{40,}={0,2})(?: .*)?$/;

/** Whether a text is a fingerprint or a public key. */
export function isHostKeyText(text: string): boolean {
  return FINGERPRINT.test(text) || PUBLIC_KEY.test(text);
}

function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

function fingerprintOfText(text: string): string {
  const key = PUBLIC_KEY.exec(text)?.groups?.['key'];
  return key === undefined ? text.replace(/=+$/, '') : fingerprintOf(Buffer.from(key, 'base64'));
}

function mismatch(server: string, why: string, key: Buffer): HostKeyError {
  const fingerprint = fingerprintOf(key);
  const message = `${server} showed the host key ${fingerprint}, ${why}. Nothing was sent to it.`;
  return new HostKeyError('HOST_KEY_MISMATCH', message, fingerprint);
}

function checkTexts(texts: readonly string[], server: string): HostKeyCheck {
  const known = new Set(texts.map(fingerprintOfText));
  const types = texts.flatMap((text) => PUBLIC_KEY.exec(text)?.groups?.['type'] ?? []);
  const judge = (key: Buffer): HostKeyError | undefined =>
    known.has(fingerprintOf(key))
      ? undefined
      : mismatch(server, `which is not the one it is known by (${[...known].join(', ')})`, key);
  return { types, judge };
}

async function readKnownHosts(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new ObjectStoreError('invalid', `The known hosts in '${path}' cannot be read.`, {
      hint: 'Give a file that this process may read, or the fingerprint as hostKey.',
      cause,
    });
  }
}

async function checkKnownHosts(path: string, host: string, port: number): Promise<HostKeyCheck> {
  const name = knownName(host, port);
  const { trusted, revoked, types } = knownKeys(await readKnownHosts(path), name);
  const judge = (key: Buffer): HostKeyError | undefined => {
    const text = key.toString('base64');
    if (revoked.includes(text)) return mismatch(name, `which '${path}' has revoked`, key);
    if (trusted.includes(text)) return undefined;
    if (trusted.length > 0) return mismatch(name, `and '${path}' knows it by another`, key);
    const fingerprint = fingerprintOf(key);
    const message = `'${path}' does not know ${name}, which showed the host key ${fingerprint}. Nothing was sent to it.`;
    return new HostKeyError('HOST_KEY_UNKNOWN', message, fingerprint);
  };
  return { types, judge };
}

/** Reads what is known of a server; a file of known hosts as it is now. */
export async function hostKeyCheck(
  hostKey: SftpHostKey | undefined,
  host: string,
  port: number,
): Promise<HostKeyCheck> {
  if (typeof hostKey === 'string') return checkTexts([hostKey], knownName(host, port));
  if (hostKey !== undefined && 'unchecked' in hostKey) return { types: [], judge: () => undefined };
  if (hostKey !== undefined && !('knownHosts' in hostKey)) {
    return checkTexts(hostKey, knownName(host, port));
  }
  const path = hostKey?.knownHosts ?? join(homedir(), '.ssh', 'known_hosts');
  return checkKnownHosts(path, host, port);
}
