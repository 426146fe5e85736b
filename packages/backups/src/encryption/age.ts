import type { Recipient } from 'age-encryption';
import { headerEnd, MOST_HEADER_BYTES, sealHeader } from './header.ts';
import type { Keyring } from './keyring.ts';
import { passphraseRecipient } from './passphrase.ts';
import { decryptPayload, encryptPayload, NONCE_BYTES } from './payload.ts';
import {
  readRecipients,
  checkEncryption,
  type EncryptionOptions,
  PASSPHRASE,
} from './recipient.ts';
import type { ReadSecret } from '../sources/workroom.ts';

/** Encrypts streams for the same recipients, each with a key of its own. */
export interface Sealer {
  /** As they stand in the manifest. */
  readonly recipients: readonly string[];
  /** Encrypts to an age file. */
  seal(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void>;
}

async function* sealed(
  source: AsyncIterable<Uint8Array>,
  recipients: readonly (string | Recipient)[],
): AsyncGenerator<Uint8Array, void, void> {
  const { header, fileKey } = await sealHeader(recipients);
  yield header;
  yield* encryptPayload(source, fileKey);
}

/**
 * Makes a sealer; a passphrase is read now.
 *
 * @throws `OPTIONS_INVALID`, or what reading the secret throws
 */
export async function sealerFor(options: EncryptionOptions, secret: ReadSecret): Promise<Sealer> {
  checkEncryption(options);
  if (options.passphrase !== undefined) {
    const recipient = passphraseRecipient(await secret(options.passphrase));
    return { recipients: [PASSPHRASE], seal: (source) => sealed(source, [recipient]) };
  }
  const read = readRecipients(options.recipients);
  const recipients = read.map(({ recipient }) => recipient);
  return { recipients: read.map(({ text }) => text), seal: (source) => sealed(source, recipients) };
}

/** Splits a stream behind its header and the nonce of its payload. */
async function takeHead(
  pieces: AsyncIterator<Uint8Array>,
): Promise<{ header: Buffer; nonce: Buffer; rest: Buffer }> {
  let bytes = Buffer.alloc(0);
  for (;;) {
    const end = headerEnd(bytes);
    if (end !== -1 && bytes.length >= end + NONCE_BYTES) {
      const payload = end + NONCE_BYTES;
      return {
        header: bytes.subarray(0, end),
        nonce: bytes.subarray(end, payload),
        rest: bytes.subarray(payload),
      };
    }
    if (end === -1 && bytes.length > MOST_HEADER_BYTES) throw new Error('it has no age header');
    const step = await pieces.next();
    if (step.done === true) throw new Error('its age header is cut off');
    bytes = Buffer.concat([bytes, step.value]);
  }
}

async function* following(
  rest: Buffer,
  pieces: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  yield rest;
  for (;;) {
    const step = await pieces.next();
    if (step.done === true) return;
    yield step.value;
  }
}

/**
 * Decrypts an age file. What it gives is authentic piece by piece, and whole only when the iteration has ended.
 *
 * @throws see {@link Keyring.open}; Error the file is cut or altered
 */
export async function* unseal(
  source: AsyncIterable<Uint8Array>,
  artifact: { readonly name: string; readonly recipients?: readonly string[] },
  keys: Keyring,
): AsyncGenerator<Uint8Array, void, void> {
  const pieces = source[Symbol.asyncIterator]();
  try {
    const { header, nonce, rest } = await takeHead(pieces);
    const { fileKey } = await keys.open(header, artifact);
    yield* decryptPayload(following(rest, pieces), fileKey, nonce);
  } finally {
    await pieces.return?.();
  }
}
