import { BLOCK, tarInvalid } from './tar-header.ts';

/** The largest map that is taken, in bytes: some three million regions. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Bytes of a sparse file that stand in the archive. What lies between regions, and behind the last, are holes: zeros. */
export interface Region {
  readonly offset: number;
  readonly bytes: number;
}

/**
 * The map that a sparse member begins with: the number of its regions, then offset and size of each, every number in
 * decimal and ended by a line feed; the whole padded with zeros to blocks. GNU tar manual, "Sparse Formats", PAX
 * Format, Version 1.0.
 */
export class SparseMap {
  readonly #realSize: number;
  readonly #numbers: number[] = [];
  #present = '';
  #count: number | undefined;
  /** How many bytes of the member the map takes. */
  bytes = 0;

  /** @param realSize the size of the file, holes included */
  constructor(realSize: number) {
    this.#realSize = realSize;
  }

  /**
   * Takes the next block.
   *
   * @returns the regions, when the map is complete
   * @throws `TAR_INVALID`
   */
  take(block: Buffer): readonly Region[] | undefined {
    this.bytes += BLOCK;
    if (this.bytes > MOST_BYTES) throw tarInvalid('the map of a sparse member is too large');
    for (const byte of block) {
      if (this.#isComplete) {
        if (byte !== 0) throw tarInvalid('the map of a sparse member is damaged');
      } else this.#digit(byte);
    }
    return this.#isComplete ? this.#regions() : undefined;
  }

  get #isComplete(): boolean {
    return this.#count !== undefined && this.#numbers.length === 2 * this.#count;
  }

  #digit(byte: number): void {
    if (byte >= 0x30 && byte <= 0x39) {
      this.#present += String.fromCharCode(byte);
      return;
    }
    const number = Number(this.#present);
    const isNumber = byte === 0x0a && this.#present !== '' && Number.isSafeInteger(number);
    if (!isNumber) throw tarInvalid('the map of a sparse member is damaged');
    this.#present = '';
    if (this.#count === undefined) this.#count = number;
    else this.#numbers.push(number);
  }

  #regions(): readonly Region[] {
    const regions: Region[] = [];
    let end = 0;
    for (let at = 0; at < this.#numbers.length; at += 2) {
      const offset = this.#numbers[at] as number;
      const bytes = this.#numbers[at + 1] as number;
      if (offset < end || offset + bytes > this.#realSize) {
        throw tarInvalid('the map of a sparse member does not fit its size');
      }
      end = offset + bytes;
      regions.push({ offset, bytes });
    }
    return regions;
  }
}
