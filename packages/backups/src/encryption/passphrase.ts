import { randomBytes, scrypt } from 'node:crypto';
import { type Identity, type Recipient, Stanza } from 'age-encryption';
import { base64, bytesOfBase64, openKey, sealKey } from './stanza.ts';

const TYPE = 'scrypt';
const LABEL = 'age-encryption.org/v1/scrypt';
const SALT_BYTES = 16;
/** The work factor of the age program: about a second, and 256 MiB for as long. */
const LOG_N = 18;
/** A header from elsewhere must not cost more than four times that. The age program draws the line at 22. */
const MOST_LOG_N = 20;
const BLOCK = 8;

/** Runs beside the event loop. */
function derive(passphrase: string, salt: Uint8Array, logN: number): Promise<Buffer> {
  const N = 2 ** logN;
  // 128 * N * r bytes (RFC 7914, section 2), and some more.
  const maxmem = 128 * N * BLOCK + 1024 * 1024;
  const salted = Buffer.concat([Buffer.from(LABEL), salt]);
  return new Promise((resolve, reject) => {
    scrypt(passphrase, salted, 32, { N, r: BLOCK, p: 1, maxmem }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

/** Wraps file keys by a passphrase, as age does (age-encryption.org/v1, "The scrypt recipient type"). */
export function passphraseRecipient(passphrase: string): Recipient {
  return {
    async wrapFileKey(fileKey) {
      const salt = randomBytes(SALT_BYTES);
      const key = await derive(passphrase, salt, LOG_N);
      return [new Stanza([TYPE, base64(salt), String(LOG_N)], sealKey(fileKey, key))];
    },
  };
}

/** Opens what {@link passphraseRecipient} or the age program has wrapped. */
export function passphraseIdentity(passphrase: string): Identity {
  return {
    async unwrapFileKey(stanzas) {
      const stanza = stanzas.find(({ args }) => args[0] === TYPE);
      if (stanza === undefined) return null;
      const [, salt = '', logN = ''] = stanza.args;
      const isSound = stanzas.length === 1 && stanza.args.length === 3 && /^[1-9]\d?$/.test(logN);
      if (!isSound) throw new Error('the passphrase is not the only way in, or its line is broken');
      if (Number(logN) > MOST_LOG_N) throw new Error(`the work factor ${logN} is too high`);
      const key = await derive(passphrase, bytesOfBase64(salt, SALT_BYTES), Number(logN));
      return openKey(stanza.body, key);
    },
  };
}
