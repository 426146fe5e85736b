import {
  createHash,
  createPrivateKey,
  hkdfSync,
  type KeyObject,
  privateDecrypt,
} from 'node:crypto';
import type { Identity } from 'age-encryption';
import { x25519 } from './curve25519.ts';
import {
  ED25519,
  ED25519_LABEL,
  OAEP,
  RSA,
  type SshKey,
  sshKey,
  sshTag,
  tweaked,
} from './ssh-recipient.ts';
import { SshWire, wireMagnitude, wireString } from './ssh-wire.ts';
import { bytesOfBase64, openKey } from './stanza.ts';

/** An SSH private key that can open files. */
export interface SshIdentity {
  readonly key: SshKey;
  readonly identity: Identity;
}

const OPENSSH = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]+)-----END OPENSSH PRIVATE KEY-----/;
const MAGIC = 'openssh-key-v1\0';

function ed25519Identity(key: Extract<SshKey, { type: typeof ED25519 }>, seed: Buffer): Identity {
  const scalar = createHash('sha512').update(seed).digest().subarray(0, 32);
  return {
    unwrapFileKey(stanzas) {
      for (const { args, body } of stanzas) {
        if (args[0] !== ED25519 || args[1] !== sshTag(key)) continue;
        const share = bytesOfBase64(args[2] ?? '', 32);
        const shared = tweaked(x25519(scalar, share), key.wire);
        const salt = Buffer.concat([share, key.point]);
        const wrapping = Buffer.from(hkdfSync('sha256', shared, salt, ED25519_LABEL, 32));
        const fileKey = openKey(body, wrapping);
        if (fileKey !== null) return fileKey;
      }
      return null;
    },
  };
}

function rsaIdentity(key: SshKey, secret: KeyObject): Identity {
  return {
    unwrapFileKey(stanzas) {
      for (const { args, body } of stanzas) {
        if (args[0] !== RSA || args[1] !== sshTag(key)) continue;
        const fileKey = privateDecrypt({ key: secret, ...OAEP }, body);
        if (fileKey.length !== 16) throw new Error('a file key of the age header is broken');
        return fileKey;
      }
      return null;
    },
  };
}

function numberOf(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}

function urlText(bytes: Buffer | bigint): string {
  if (typeof bytes !== 'bigint') return bytes.toString('base64url');
  const hex = bytes.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url');
}

/** The fields of a private key, in OpenSSH's order (PROTOCOL.key of OpenSSH). */
function readPrivate(key: SshKey, reader: SshWire): Identity {
  if (key.type === ED25519) {
    reader.string();
    return ed25519Identity(key, reader.string().subarray(0, 32));
  }
  const n = reader.magnitude();
  const e = reader.magnitude();
  const d = reader.magnitude();
  const qi = reader.magnitude();
  const p = reader.magnitude();
  const q = reader.magnitude();
  const [dp, dq] = [p, q].map((prime) => numberOf(d) % (numberOf(prime) - 1n));
  const fields = { n, e, d, p, q, qi, dp: dp ?? 0n, dq: dq ?? 0n };
  const texts = Object.entries(fields).map(([name, value]) => [name, urlText(value)]);
  const jwk = { kty: 'RSA', ...(Object.fromEntries(texts) as Record<string, string>) };
  return rsaIdentity(key, createPrivateKey({ key: jwk, format: 'jwk' }));
}

function readOpenssh(base64: string): SshIdentity {
  const reader = new SshWire(Buffer.from(base64, 'base64'));
  if (reader.take(MAGIC.length).toString('latin1') !== MAGIC) throw new Error('the key is broken');
  const [cipher] = [reader.text(), reader.text(), reader.text()];
  if (cipher !== 'none') throw new Error('the SSH key is encrypted with a passphrase');
  if (reader.number() !== 1) throw new Error('the key is broken');
  const key = sshKey(reader.string());
  const secret = new SshWire(reader.string());
  if (secret.number() !== secret.number() || secret.text() !== key.type) {
    throw new Error('the key is broken');
  }
  return { key, identity: readPrivate(key, secret) };
}

/** RSA keys as `ssh-keygen -m PEM` writes them. */
function readPem(pem: string): SshIdentity {
  const secret = createPrivateKey(pem);
  const { n = '', e = '' } = secret.export({ format: 'jwk' });
  if (secret.asymmetricKeyType !== 'rsa') throw new Error('it is no SSH key that age takes');
  const [modulus, exponent] = [Buffer.from(n, 'base64url'), Buffer.from(e, 'base64url')];
  const wire = [wireString(RSA), wireMagnitude(exponent), wireMagnitude(modulus)];
  const key = sshKey(Buffer.concat(wire));
  return { key, identity: rsaIdentity(key, secret) };
}

/** Whether a text is that of a private key in PEM. */
export function isPem(text: string): boolean {
  return /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text);
}

/** @throws Error it is no SSH private key that age takes, or it is encrypted */
export function readSshIdentity(text: string): SshIdentity {
  const [, base64] = OPENSSH.exec(text) ?? [];
  return base64 === undefined ? readPem(text) : readOpenssh(base64);
}
