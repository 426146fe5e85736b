import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';

/** What stands before the 32 bytes of an X25519 key in PKCS #8 and in SPKI (RFC 8410, section 7 and 4). */
const PRIVATE_HEAD = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC_HEAD = Buffer.from('302a300506032b656e032100', 'hex');

function privateKey(scalar: Uint8Array) {
  const key = Buffer.concat([PRIVATE_HEAD, scalar]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

/** Multiplies a point by a scalar: X25519 (RFC 7748, section 5). */
export function x25519(scalar: Uint8Array, point: Uint8Array): Buffer {
  const key = Buffer.concat([PUBLIC_HEAD, point]);
  const publicKey = createPublicKey({ key, format: 'der', type: 'spki' });
  return diffieHellman({ privateKey: privateKey(scalar), publicKey });
}

/** The public key of a scalar: a multiple of the base point. */
export function x25519Public(scalar: Uint8Array): Buffer {
  const spki = createPublicKey(privateKey(scalar)).export({ format: 'der', type: 'spki' });
  return spki.subarray(PUBLIC_HEAD.length);
}

const PRIME = 2n ** 255n - 19n;

function modulo(value: bigint): bigint {
  const rest = value % PRIME;
  return rest < 0n ? rest + PRIME : rest;
}

/** By Fermat's little theorem. */
function inverse(value: bigint): bigint {
  let result = 1n;
  let base = modulo(value);
  for (let power = PRIME - 2n; power > 0n; power >>= 1n) {
    if ((power & 1n) === 1n) result = modulo(result * base);
    base = modulo(base * base);
  }
  return result;
}

/** Numbers of curves are written with the lowest byte first. */
function turned(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.toReversed());
}

/** The same point on the Montgomery curve: u = (1 + y) / (1 - y) (RFC 7748, section 4.1). */
export function montgomeryPoint(edwards: Uint8Array): Buffer {
  const bytes = turned(edwards);
  bytes[0] = (bytes[0] ?? 0) & 0x7f;
  const y = BigInt(`0x${bytes.toString('hex')}`);
  const u = modulo((1n + y) * inverse(1n - y));
  return turned(Buffer.from(u.toString(16).padStart(64, '0'), 'hex'));
}
