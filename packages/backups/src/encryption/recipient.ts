import { Encrypter, type Recipient } from 'age-encryption';
import { HoldfastError, isSecret, type Secret } from '@holdfast/core';

/** For whom artifacts are encrypted, with age (age-encryption.org/v1). */
export type EncryptionOptions =
  | {
      /**
       * Who can decrypt: public keys, as `age-keygen -y` prints them (`age1…`). Whoever has the identity of one of
       * them can. No secret is needed to encrypt: keep the identities elsewhere.
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

const HINT = 'Give public keys as age-keygen prints them: age1… .';

/** Reads a recipient. No message shows the text: it may be an identity that was put here by mistake. */
function readRecipient(text: unknown, at: string): string | Recipient {
  if (typeof text !== 'string') throw refused(`${at} is no text`, HINT);
  if (/^AGE-SECRET-KEY-/i.test(text)) {
    const hint =
      'Take the public key that belongs to it. Whoever has seen this one can read the backups.';
    throw refused(`${at} is an identity, which is secret`, hint);
  }
  if (!/^age1[02-9ac-hj-np-z]{58}$/.test(text)) throw refused(`${at} is no recipient of age`, HINT);
  try {
    new Encrypter().addRecipient(text);
  } catch {
    throw refused(`${at} has a wrong checksum: it is mistyped or cut`, HINT);
  }
  return text;
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

/** The recipients as age takes them. */
export function ageRecipients(recipients: readonly string[]): readonly (string | Recipient)[] {
  return recipients.map((text, index) => readRecipient(text, `recipient ${index + 1}`));
}
