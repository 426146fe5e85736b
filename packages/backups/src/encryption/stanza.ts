import { createCipheriv, createDecipheriv } from 'node:crypto';

const CIPHER = 'chacha20-poly1305';
const OPTIONS = { authTagLength: 16 };
/** Each wrapping key is used once: the nonce is zero (age-encryption.org/v1). */
const NONCE = Buffer.alloc(12);
/** A wrapped file key: 16 bytes and a tag. */
const WRAPPED_BYTES = 32;

/** Base64 as it stands in an age header: without padding. */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replaceAll('=', '');
}

/** @throws Error another text than {@link base64} gives for that many bytes */
export function bytesOfBase64(text: string, length: number): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === length && base64(bytes) === text) return bytes;
  throw new Error('a line of the age header is broken');
}

/** Wraps a file key. */
export function sealKey(fileKey: Uint8Array, key: Uint8Array): Buffer {
  const cipher = createCipheriv(CIPHER, key, NONCE, OPTIONS);
  return Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
}

/** Opens a wrapped file key; null when another key wrapped it. */
export function openKey(sealed: Uint8Array, key: Uint8Array): Buffer | null {
  if (sealed.length !== WRAPPED_BYTES) throw new Error('a file key of the age header is broken');
  const decipher = createDecipheriv(CIPHER, key, NONCE, OPTIONS);
  decipher.setAuthTag(sealed.subarray(16));
  const fileKey = decipher.update(sealed.subarray(0, 16));
  try {
    decipher.final();
    return fileKey;
  } catch {
    return null;
  }
}
