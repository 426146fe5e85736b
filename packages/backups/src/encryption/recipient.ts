import { Encrypter, type Recipient } from 'age-encryption';
import { HoldfastError, isSecret, type Secret } from '@holdfast/core';
import { sshKey, sshLine, sshRecipient } from './ssh-recipient.ts';

/** For whom artifacts are encrypted, with age (age-encryption.org/v1). */
export type EncryptionOptions =
  | {
      /**
       * Who can decrypt: public keys, as `age-keygen -y` prints them (`age1…`), or lines of SSH public keys
       * (`ssh-ed25519 AAAA…`, `ssh-rsa AAAA…`). Whoever has the identity of one of them can. No secret is needed to encrypt: keep the identities elsewhere.
       */
      readonly recipients: readonly string[];
      readonly passphrase?: never;
    }
  | {
      /** Whoever knows it can decrypt. Read anew for each backup. */
      readonly passphrase: Secret;
      readonly recipients?: never;
    };

/** How a recipient stands in a manifest that was encrypted by a passphrase. */
export const PASSPHRASE = 'passphrase';

function refused(why: string, hint: string): HoldfastError {
  return new HoldfastError('OPTIONS_INVALID', `encryption: ${why}.`, { hint, retryable: false });
}

const HINT =
  'Give public keys: age1…, as age-keygen prints them, ssh-ed25519 AAAA… or ssh-rsa AAAA… .';

/** A recipient as age takes it, and as it stands in a manifest. */
export interface ReadRecipient {
  readonly text: string;
  readonly recipient: string | Recipient;
}

/** Without a comment, which may hold names of people. */
function readSshLine(line: string, at: string): ReadRecipient {
  const [, base64 = ''] = line.trim().split(/\s+/);
  try {
    const key = sshKey(Buffer.from(base64, 'base64'));
    return { text: sshLine(key), recipient: sshRecipient(key) };
  } catch (error) {
    throw refused(`${at} is no SSH public key: ${(error as Error).message}`, HINT);
  }
}

/** Reads a recipient. No message shows the text: it may be an identity that was put here by mistake. */
function readRecipient(text: unknown, at: string): ReadRecipient {
  if (typeof text !== 'string') throw refused(`${at} is no text`, HINT);
  if (/^AGE-SECRET-KEY-|PRIVATE KEY/i.test(text)) {
    const hint =
      'Take the public key that belongs to it. Whoever has seen this one can read the backups.';
    throw refused(`${at} is an identity, which is secret`, hint);
  }
  if (/^ssh-(?:ed25519|rsa)\s/.test(text)) return readSshLine(text, at);
  if (!/^age1[02-9ac-hj-np-z]{58}$/.test(text)) throw refused(`${at} is no recipient of age`, HINT);
  try {
    new Encrypter().addRecipient(text);
  } catch {
    throw refused(`${at} has a wrong checksum: it is mistyped or cut`, HINT);
  }
  return { text, recipient: text };
}

/**
 * Checks whom artifacts are to be encrypted for.
 *
 * @throws `OPTIONS_INVALID`
 */
export function checkEncryption(options: EncryptionOptions): void {
  const { recipients, passphrase } = options;
  if (passphrase !== undefined) {
    if (recipients !== undefined) {
      throw refused('a passphrase stands alone', 'Leave out the recipients, or the passphrase.');
    }
    if (!isSecret(passphrase)) {
      throw refused('the passphrase is no Secret', "Refer to it: secret('env:NAME').");
    }
    return;
  }
  if (!Array.isArray(recipients) || recipients.length === 0) {
    throw refused('there is no recipient', HINT);
  }
  for (const [index, text] of recipients.entries()) readRecipient(text, `recipient ${index + 1}`);
}

/** @throws `OPTIONS_INVALID` */
export function readRecipients(recipients: readonly string[]): readonly ReadRecipient[] {
  return recipients.map((text, index) => readRecipient(text, `recipient ${index + 1}`));
}
