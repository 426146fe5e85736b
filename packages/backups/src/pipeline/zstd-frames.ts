/** The magic number of a frame, little-endian. RFC 8878, 3.1.1. */
const FRAME_MAGIC = 0xfd2fb528;
/** Those of frames without content, which decoders pass over: 16 of them. RFC 8878, 3.1.2. */
const SKIPPABLE_MAGIC = 0x184d2a50;

const DICTIONARY_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;
const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;

type Phase = 'magic' | 'skippable' | 'descriptor' | 'header' | 'block' | 'body' | 'rest';

/** What is read as a whole, and how long that is. */
const GATHERED: { readonly [phase in Phase]?: number } = {
  magic: 4,
  skippable: 4,
  descriptor: 1,
  block: 3,
};

function noFrame(why: string): Error {
  return new Error(`it is no zstd frame: ${why}`);
}

/** The bytes of a frame's header behind its descriptor. RFC 8878, 3.1.1.1. */
function headerBytes(descriptor: number): number {
  const isSingle = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const size = sizeFlag === 0 ? Number(isSingle) : (CONTENT_SIZE_BYTES[sizeFlag] ?? 0);
  return Number(!isSingle) + (DICTIONARY_BYTES[descriptor & 3] ?? 0) + size;
}

/**
 * Cuts a stream of zstd frames at their ends. The decoder of node:zlib passes over whatever follows a frame in the
 * same write, without a word (seen on Node 24 and 26): each frame must come to it in writes of its own.
 */
export class FrameCutter {
  #phase: Phase = 'magic';
  #left = 4;
  #gathered: number[] = [];
  #hasChecksum = false;
  #isLastBlock = false;
  /** How many have ended. */
  #frames = 0;

  /**
   * Gives a chunk in parts none of which goes beyond the end of a frame.
   *
   * @throws Error it is no frame
   */
  *cut(chunk: Uint8Array): Generator<Uint8Array, void, void> {
    let from = 0;
    for (let at = 0; at < chunk.byteLength;) {
      const taken = Math.min(this.#left, chunk.byteLength - at);
      if (GATHERED[this.#phase] !== undefined)
        this.#gathered.push(...chunk.subarray(at, at + taken));
      this.#left -= taken;
      at += taken;
      if (this.#left > 0) continue;
      this.#next();
      if (this.#phase !== 'magic') continue;
      this.#frames += 1;
      yield chunk.subarray(from, at);
      from = at;
    }
    if (from < chunk.byteLength) yield chunk.subarray(from);
  }

  /**
   * The stream has ended.
   *
   * @throws Error it is cut off within a frame
   */
  end(): void {
    const isBetween = this.#phase === 'magic' && this.#left === 4;
    if (!isBetween || this.#frames === 0) throw noFrame('it is cut off');
  }

  #enter(phase: Phase, bytes: number = GATHERED[phase] ?? 0): void {
    this.#phase = phase;
    this.#left = bytes;
    this.#gathered = [];
    if (bytes === 0) this.#next();
  }

  /** The number that was gathered, little-endian. */
  #number(): number {
    return this.#gathered.reduceRight((sum, byte) => sum * 256 + byte, 0);
  }

  #next(): void {
    const number = this.#number();
    switch (this.#phase) {
      case 'magic':
        return this.#magic(number);
      case 'skippable':
        return this.#enter('rest', number);
      case 'descriptor':
        this.#hasChecksum = (number & 4) !== 0;
        return this.#enter('header', headerBytes(number));
      case 'block':
        return this.#block(number);
      case 'body':
        if (this.#isLastBlock) return this.#enter('rest', this.#hasChecksum ? 4 : 0);
        return this.#enter('block');
      case 'header':
        return this.#enter('block');
      default:
        return this.#enter('magic');
    }
  }

  #magic(number: number): void {
    if (number === FRAME_MAGIC) this.#enter('descriptor');
    else if (number >= SKIPPABLE_MAGIC && number < SKIPPABLE_MAGIC + 16) this.#enter('skippable');
    else throw noFrame('its magic number is another');
  }

  /** RFC 8878, 3.1.1.2. */
  #block(header: number): void {
    const type = (header >> 1) & 3;
    if (type === RESERVED_BLOCK) throw noFrame('a block has a type that there is not');
    this.#isLastBlock = (header & 1) === 1;
    this.#enter('body', type === RLE_BLOCK ? 1 : header >> 3);
  }
}
