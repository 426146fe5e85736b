/** Reads the binary form of SSH: numbers and strings one after another (RFC 4251, section 5). */
export class SshWire {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Whether all was read. */
  get isOver(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** @throws Error it is cut */
  take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new Error('the key is cut off');
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }

  number(): number {
    return this.take(4).readUInt32BE(0);
  }

  string(): Buffer {
    return this.take(this.number());
  }

  text(): string {
    return this.string().toString('latin1');
  }

  /** A positive whole number, without the zero that keeps it from being negative. */
  magnitude(): Buffer {
    const bytes = this.string();
    return bytes[0] === 0 ? bytes.subarray(1) : bytes;
  }
}

/** A string as {@link SshWire} reads it. */
export function wireString(content: Buffer | string): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A positive whole number as {@link SshWire} reads it. */
export function wireMagnitude(bytes: Buffer): Buffer {
  const isHigh = ((bytes[0] ?? 0) & 0x80) !== 0;
  return wireString(isHigh ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes);
}
