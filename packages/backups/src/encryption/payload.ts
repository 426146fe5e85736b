import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { free } from '../pipeline/pieces.ts';

/** Plain bytes in a chunk; only the last may have fewer. age-encryption.org/v1, "Payload". */
const CHUNK_BYTES = 64 * 1024;
const TAG_BYTES = 16;
/** Bytes of the nonce that stands between header and chunks. */
export const NONCE_BYTES = 16;
const CIPHER = 'chacha20-poly1305';
const OPTIONS = { authTagLength: TAG_BYTES };

function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', 32));
}

/** The nonces of the chunks: eleven bytes that count, big-endian, and one that is 1 for the last. */
class ChunkCounter {
  readonly #nonce = Buffer.alloc(12);

  /** How many chunks there were so far. */
  chunks = 0;

  next(isLast: boolean): Buffer {
    // 2^48 chunks of 64 KiB are 16 EiB: the upper bytes stay zero.
    this.#nonce.writeUIntBE(this.chunks, 5, 6);
    this.#nonce[11] = isLast ? 1 : 0;
    this.chunks += 1;
    return this.#nonce;
  }
}

/** Cuts a stream into runs of whole chunks. The last chunk is held back until it is known to be the last. */
async function* cut(
  source: AsyncIterable<Uint8Array>,
  chunkBytes: number,
): AsyncGenerator<{ readonly bytes: Buffer; readonly isLast: boolean }, void, void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of source) {
    rest = rest.length === 0 ? asBuffer(piece) : Buffer.concat([rest, piece]);
    const whole = Math.max(0, Math.ceil(rest.length / chunkBytes) - 1) * chunkBytes;
    if (whole === 0) continue;
    yield { bytes: rest.subarray(0, whole), isLast: false };
    rest = rest.subarray(whole);
  }
  yield { bytes: rest, isLast: true };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Chunks that are handed out together. */
const SEALED_TOGETHER = 16;

/** Encrypts chunk by chunk, the last one held back until it is known to be the last, into memory that is used again. */
class Sealing {
  readonly #key: Buffer;
  readonly #counter = new ChunkCounter();
  readonly #held = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #heldBytes = 0;
  readonly #sealed = Buffer.allocUnsafeSlow(SEALED_TOGETHER * (CHUNK_BYTES + TAG_BYTES));
  #sealedBytes = 0;

  constructor(key: Buffer) {
    this.#key = key;
  }

  *take(piece: Uint8Array): Generator<Uint8Array, void, void> {
    for (let at = 0; at < piece.byteLength;) {
      const left = piece.byteLength - at;
      if (this.#heldBytes === 0 && left > CHUNK_BYTES) {
        yield* this.#seal(piece.subarray(at, at + CHUNK_BYTES), false);
        at += CHUNK_BYTES;
        continue;
      }
      if (this.#heldBytes === CHUNK_BYTES) yield* this.#sealHeld(false);
      const part = piece.subarray(at, at + CHUNK_BYTES - this.#heldBytes);
      this.#held.set(part, this.#heldBytes);
      this.#heldBytes += part.byteLength;
      at += part.byteLength;
    }
  }

  *end(): Generator<Uint8Array, void, void> {
    yield* this.#sealHeld(true);
    if (this.#sealedBytes > 0) yield this.#hand();
  }

  *#sealHeld(isLast: boolean): Generator<Uint8Array, void, void> {
    const held = this.#held.subarray(0, this.#heldBytes);
    this.#heldBytes = 0;
    yield* this.#seal(held, isLast);
  }

  *#seal(chunk: Uint8Array, isLast: boolean): Generator<Uint8Array, void, void> {
    const cipher = createCipheriv(CIPHER, this.#key, this.#counter.next(isLast), OPTIONS);
    const body = cipher.update(chunk);
    cipher.final();
    this.#sealed.set(body, this.#sealedBytes);
    this.#sealedBytes += body.length;
    free(body);
    this.#sealed.set(cipher.getAuthTag(), this.#sealedBytes);
    this.#sealedBytes += TAG_BYTES;
    if (this.#sealedBytes === this.#sealed.length) yield this.#hand();
  }

  #hand(): Uint8Array {
    const piece = this.#sealed.subarray(0, this.#sealedBytes);
    this.#sealedBytes = 0;
    return piece;
  }
}

/**
 * Encrypts to an age payload: a random nonce, then chunks of 64 KiB, each with the tag of ChaCha20-Poly1305. What it
 * gives stays as it is until the next is asked for; what it is given need not stay any longer.
 */
export async function* encryptPayload(
  source: AsyncIterable<Uint8Array>,
  fileKey: Uint8Array,
): AsyncGenerator<Uint8Array, void, void> {
  const nonce = randomBytes(NONCE_BYTES);
  const sealing = new Sealing(payloadKey(fileKey, nonce));
  yield nonce;
  for await (const piece of source) yield* sealing.take(piece);
  yield* sealing.end();
}

function opened(sealed: Buffer, key: Buffer, nonce: Buffer): Buffer {
  const end = sealed.length - TAG_BYTES;
  if (end < 0) throw new Error('the age payload is cut off');
  const decipher = createDecipheriv(CIPHER, key, nonce, OPTIONS);
  decipher.setAuthTag(sealed.subarray(end));
  const plain = decipher.update(sealed.subarray(0, end));
  decipher.final();
  return plain;
}

/**
 * Decrypts the chunks of an age payload. Each is authenticated before it is handed out; that none is missing at
 * the end, also where the end stands at the border of a chunk, is known when the iteration has ended.
 *
 * @throws Error a chunk is altered, cut, in another place, or the last one is missing
 */
export async function* decryptPayload(
  sealed: AsyncIterable<Uint8Array>,
  fileKey: Uint8Array,
  nonce: Uint8Array,
): AsyncGenerator<Uint8Array, void, void> {
  const key = payloadKey(fileKey, nonce);
  const counter = new ChunkCounter();
  const step = CHUNK_BYTES + TAG_BYTES;
  for await (const { bytes, isLast } of cut(sealed, step)) {
    const plain: Buffer[] = [];
    for (let at = 0; at < bytes.length || (isLast && at === 0); at += step) {
      plain.push(opened(bytes.subarray(at, at + step), key, counter.next(isLast)));
    }
    const together = plain.length === 1 ? (plain[0] as Buffer) : Buffer.concat(plain);
    // Only an empty file ends in an empty chunk: a second form of the same content is refused.
    if (isLast && together.length === 0 && counter.chunks > 1) {
      throw new Error('the age payload ends in an empty chunk');
    }
    yield together;
  }
}
