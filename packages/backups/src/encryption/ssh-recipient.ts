import {
  constants,
  createHash,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { type Recipient, Stanza } from 'age-encryption';
import { montgomeryPoint, x25519, x25519Public } from './curve25519.ts';
import { SshWire } from './ssh-wire.ts';
import { base64, sealKey } from './stanza.ts';

export const ED25519 = 'ssh-ed25519';
export const RSA = 'ssh-rsa';
export const ED25519_LABEL = 'age-encryption.org/v1/ssh-ed25519';
/** How age wraps file keys by RSA keys: OAEP with SHA-256 and a label. */
export const OAEP = {
  padding: constants.RSA_PKCS1_OAEP_PADDING,
  oaepHash: 'sha256',
  oaepLabel: Buffer.from('age-encryption.org/v1/ssh-rsa'),
};
/** As the age program: shorter keys are refused. */
const LEAST_RSA_BITS = 2048;

/** An SSH public key. */
export type SshKey =
  | { readonly type: typeof ED25519; readonly wire: Buffer; readonly point: Buffer }
  | { readonly type: typeof RSA; readonly wire: Buffer; readonly key: KeyObject };

function base64url(bytes: Buffer): string {
  return bytes.toString('base64url');
}

/** @throws Error it is no key of a type that age takes */
export function sshKey(wire: Buffer): SshKey {
  const reader = new SshWire(wire);
  const type = reader.text();
  if (type === ED25519) {
    const edwards = reader.string();
    if (edwards.length !== 32 || !reader.isOver) throw new Error('the key is broken');
    return { type, wire, point: montgomeryPoint(edwards) };
  }
  if (type !== RSA) throw new Error('it is neither an ssh-ed25519 nor an ssh-rsa key');
  const e = reader.magnitude();
  const n = reader.magnitude();
  if (!reader.isOver) throw new Error('the key is broken');
  const jwk = { kty: 'RSA', n: base64url(n), e: base64url(e) };
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  if (n.length * 8 < LEAST_RSA_BITS) throw new Error('the RSA key is shorter than 2048 bits');
  return { type, wire, key };
}

/** The line of a public key, without its comment. */
export function sshLine({ type, wire }: SshKey): string {
  return `${type} ${wire.toString('base64')}`;
}

/** By which age finds the key that a stanza is for. */
export function sshTag({ wire }: SshKey): string {
  return base64(createHash('sha256').update(wire).digest().subarray(0, 4));
}

/** Binds a shared secret of an Ed25519 key to the whole of that key. */
export function tweaked(shared: Buffer, wire: Buffer): Buffer {
  const tweak = Buffer.from(hkdfSync('sha256', Buffer.alloc(0), wire, ED25519_LABEL, 32));
  return x25519(tweak, shared);
}

/** Wraps file keys for an SSH key, as age does (C2SP age, "The SSH recipient types"; agessh of filippo.io/age). */
export function sshRecipient(key: SshKey): Recipient {
  return {
    wrapFileKey(fileKey) {
      if (key.type === RSA) {
        const body = publicEncrypt({ key: key.key, ...OAEP }, fileKey);
        return [new Stanza([RSA, sshTag(key)], body)];
      }
      const ephemeral = randomBytes(32);
      const share = x25519Public(ephemeral);
      const shared = tweaked(x25519(ephemeral, key.point), key.wire);
      const salt = Buffer.concat([share, key.point]);
      const wrapping = Buffer.from(hkdfSync('sha256', shared, salt, ED25519_LABEL, 32));
      const body = sealKey(fileKey, wrapping);
      return [new Stanza([ED25519, sshTag(key), base64(share)], body)];
    },
  };
}
