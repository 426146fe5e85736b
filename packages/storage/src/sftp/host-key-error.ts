import { ObjectStoreError } from '@holdfast/core';

/** What is wrong with the key that a server showed. */
type HostKeyCode = 'HOST_KEY_MISMATCH' | 'HOST_KEY_UNKNOWN';

const HINTS: { readonly [code in HostKeyCode]: string } = {
  HOST_KEY_MISMATCH:
    'Somebody may stand between, or the server has a new key. Ask who runs it for the fingerprint, and only then change what is known.',
  HOST_KEY_UNKNOWN:
    "Ask who runs the server for the fingerprint and give it as hostKey: 'SHA256:…', or add the key to the file of known hosts.",
};

/** A server was not taken for what it claims to be. Nothing was sent to it, no password either. */
export class HostKeyError extends ObjectStoreError {
  override readonly code: string;

  /** @param fingerprint of the key that the server showed */
  constructor(code: HostKeyCode, message: string, fingerprint: string) {
    super('denied', message, { hint: HINTS[code], context: { fingerprint } });
    this.code = code;
    this.name = 'HostKeyError';
  }
}
