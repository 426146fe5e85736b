/** Bytes of an object that are sent in one request. */
export interface Part {
  /** From 1. */
  readonly number: number;
  readonly bytes: Uint8Array;
  /** Whether it is as large as it may be: another may follow. */
  readonly isFull: boolean;
}

const FIRST_BYTES = 64 * 1024;

/** Gathers bytes up to a size. It begins small, as most objects are, and doubles. */
class PartBuffer {
  readonly #most: number;
  #buffer: Buffer;
  #filled = 0;

  constructor(most: number, first: number) {
    this.#most = most;
    this.#buffer = Buffer.allocUnsafeSlow(Math.min(most, first));
  }

  get isEmpty(): boolean {
    return this.#filled === 0;
  }

  get isFull(): boolean {
    return this.#filled === this.#most;
  }

  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#filled);
  }

  /** Takes what fits; answers how many bytes that were. */
  take(bytes: Uint8Array): number {
    const part = bytes.subarray(0, this.#most - this.#filled);
    this.#makeRoom(this.#filled + part.byteLength);
    this.#buffer.set(part, this.#filled);
    this.#filled += part.byteLength;
    return part.byteLength;
  }

  #makeRoom(bytes: number): void {
    if (bytes <= this.#buffer.byteLength) return;
    const room = Math.min(this.#most, Math.max(bytes, this.#buffer.byteLength * 2));
    const larger = Buffer.allocUnsafeSlow(room);
    larger.set(this.bytes);
    this.#buffer = larger;
  }
}

/**
 * The bytes of a stream as parts, copied: all but the last one full. A stream without bytes is one empty part.
 *
 * @param sizeOf the size of a part by its number
 */
export async function* gatherParts(
  chunks: AsyncIterable<Uint8Array>,
  sizeOf: (part: number) => number,
): AsyncGenerator<Part, void, undefined> {
  let number = 1;
  let buffer = new PartBuffer(sizeOf(1), FIRST_BYTES);
  for await (const chunk of chunks) {
    for (let taken = 0; taken < chunk.byteLength;) {
      taken += buffer.take(chunk.subarray(taken));
      if (!buffer.isFull) continue;
      yield { number, bytes: buffer.bytes, isFull: true };
      number++;
      const size = sizeOf(number);
      buffer = new PartBuffer(size, size);
    }
  }
  if (!buffer.isEmpty || number === 1) yield { number, bytes: buffer.bytes, isFull: false };
}
