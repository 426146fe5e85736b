import { createHash, type Hash } from 'node:crypto';

/** What passed a {@link Meter}. */
export interface Measure {
  readonly bytes: number;
  /** Hex SHA-256. */
  readonly sha256: string;
}

/** Counts the bytes that pass. */
export class Counter {
  #bytes = 0;

  /** Passes a stream on and counts it. */
  async *through(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of source) {
      this.#bytes += chunk.byteLength;
      yield chunk;
    }
  }

  /** What has passed. */
  measure(): { readonly bytes: number } {
    return { bytes: this.#bytes };
  }
}

/** Counts and hashes the bytes that pass. */
export class Meter {
  readonly #hash: Hash = createHash('sha256');
  #bytes = 0;
  #measure: Measure | undefined;

  /** Bytes so far. */
  get bytes(): number {
    return this.#bytes;
  }

  add(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#bytes += chunk.byteLength;
  }

  /** Passes a stream on and measures it. */
  async *through(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of source) {
      this.add(chunk);
      yield chunk;
    }
  }

  /** The sum of what passed. Nothing can be added after it was asked for. */
  measure(): Measure {
    this.#measure ??= { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
    return this.#measure;
  }
}

/** Measures bytes that are there already. */
export function measureOf(bytes: Uint8Array): Measure {
  const meter = new Meter();
  meter.add(bytes);
  return meter.measure();
}
