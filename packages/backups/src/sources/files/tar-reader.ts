import { type Region, SparseMap } from './sparse-map.ts';
import {
  BLOCK,
  type PaxRecords,
  readHeader,
  readPaxRecords,
  tarInvalid,
  type TarMember,
} from './tar-header.ts';

/** The largest pax header or long name that is taken, in bytes. */
const MOST_META = 1024 * 1024;

/** What a reader tells of the archive that passes. */
export interface TarEvents {
  /** A header was read; its content follows. What this throws stops the reading. */
  member(member: TarMember): void;
  /** A part of the present member's content. */
  content(chunk: Uint8Array): void;
  /**
   * A part of the present member's content that consists of zeros, and does not stand in the archive. The reading
   * pauses: what comes next is not read before {@link TarReader.write} is called again.
   */
  hole(bytes: number): void;
  /** The present member's content is complete. */
  ended(): void;
}

/** A sparse member's content, as far as it was read. */
interface SparseContent {
  readonly regions: readonly Region[];
  next: number;
  /** Holes included. */
  readonly size: number;
}

type Meta = 'records' | 'path' | 'target' | 'global';

type Phase =
  | { readonly is: 'header' }
  | { readonly is: 'content' }
  | { readonly is: 'map'; readonly map: SparseMap; readonly member: TarMember }
  | { readonly is: 'meta'; readonly what: Meta; readonly size: number }
  | { readonly is: 'padding' }
  | { readonly is: 'over' };

/**
 * Reads a tar archive as it passes, without holding it. Everything is judged synchronously within
 * {@link write}: a caller that passes a chunk on afterwards passes on nothing that was refused.
 *
 * (node-tar's own parser cuts pax records at line feeds: a long or non-ASCII name with a line feed in
 * it loses its end there. Seen with tar 7.5.23.)
 */
export class TarReader {
  readonly #events: TarEvents;
  #phase: Phase = { is: 'header' };
  /** Bytes still to come in this phase. */
  #left = BLOCK;
  #padding = 0;
  #held: Buffer[] = [];
  #records: PaxRecords = new Map();
  #zeroBlocks = 0;
  /** Of a sparse member: what of it is still to come. */
  #sparse: SparseContent | undefined;
  #pauses = false;

  constructor(events: TarEvents) {
    this.#events = events;
  }

  /**
   * Reads on.
   *
   * @returns how many of the bytes were read: all, or up to a hole
   * @throws `TAR_INVALID`, or what an event threw
   */
  write(bytes: Uint8Array): number {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    this.#pauses = false;
    while (at < chunk.length && !this.#pauses) {
      const part = chunk.subarray(at, at + this.#left);
      at += part.length;
      this.#take(part);
    }
    return at;
  }

  /**
   * The archive has ended.
   *
   * @throws `TAR_INVALID` when it is cut: before the two zero blocks that end every archive
   */
  end(): void {
    if (this.#phase.is !== 'over') throw tarInvalid('it is cut off');
  }

  #take(part: Buffer): void {
    const { is } = this.#phase;
    if (is === 'over') {
      if (part.some((byte) => byte !== 0)) throw tarInvalid('something follows its end');
      return;
    }
    if (is === 'content') this.#events.content(part);
    // What goes on in the next chunk is copied: the memory of this one may be used again by then.
    else if (is !== 'padding')
      this.#held.push(part.length === this.#left ? part : Buffer.from(part));
    this.#left -= part.length;
    if (this.#left === 0) this.#completed();
  }

  #completed(): void {
    const phase = this.#phase;
    const held = this.#held.length === 1 ? (this.#held[0] as Buffer) : Buffer.concat(this.#held);
    this.#held = [];
    if (phase.is === 'header') this.#header(held);
    else if (phase.is === 'meta') this.#meta(phase.what, held);
    else if (phase.is === 'map') this.#map(phase.map, phase.member, held);
    else if (phase.is === 'content') this.#contentOver();
    else this.#enter({ is: 'header' }, BLOCK);
  }

  #enter(phase: Phase, bytes: number): void {
    this.#phase = phase;
    this.#left = bytes;
    if (bytes === 0) this.#completed();
  }

  #skipPadding(): void {
    const padding = this.#padding;
    this.#padding = 0;
    if (padding > 0) this.#enter({ is: 'padding' }, padding);
    else this.#enter({ is: 'header' }, BLOCK);
  }

  #header(block: Buffer): void {
    if (block.every((byte) => byte === 0)) {
      this.#zeroBlocks += 1;
      const over = this.#zeroBlocks === 2;
      this.#enter(over ? { is: 'over' } : { is: 'header' }, over ? Number.MAX_SAFE_INTEGER : BLOCK);
      return;
    }
    if (this.#zeroBlocks > 0) throw tarInvalid('something follows its end');
    const header = readHeader(block, this.#records);
    if (header.kind !== 'member') {
      if (header.size > MOST_META) throw tarInvalid('a pax header is too large');
      this.#pad(header.size);
      this.#enter({ is: 'meta', what: header.kind, size: header.size }, header.size);
      return;
    }
    this.#records = new Map();
    this.#pad(header.member.size);
    this.#events.member(header.member);
    const { member } = header;
    if (member.realSize === undefined) this.#enter({ is: 'content' }, member.size);
    else this.#enter({ is: 'map', map: new SparseMap(member.realSize), member }, BLOCK);
  }

  #map(map: SparseMap, member: TarMember, block: Buffer): void {
    const regions = map.take(block);
    const rest = member.size - map.bytes;
    const sum = regions?.reduce((all, { bytes }) => all + bytes, 0);
    if (rest < 0 || (sum !== undefined && sum !== rest)) {
      throw tarInvalid('the map of a sparse member does not fit its size');
    }
    if (regions === undefined) return this.#enter({ is: 'map', map, member }, BLOCK);
    this.#sparse = { regions, next: 0, size: member.realSize ?? 0 };
    this.#contentOver();
  }

  /** Goes on to the next region of a sparse member, or over the hole behind the last. */
  #region(sparse: SparseContent): void {
    const last = sparse.regions[sparse.next - 1];
    const end = last === undefined ? 0 : last.offset + last.bytes;
    const region = sparse.regions[sparse.next];
    const hole = (region?.offset ?? sparse.size) - end;
    sparse.next += 1;
    if (hole > 0) {
      this.#pauses = true;
      this.#events.hole(hole);
    }
    if (region === undefined) this.#sparse = undefined;
    this.#enter({ is: 'content' }, region?.bytes ?? 0);
  }

  #pad(size: number): void {
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
  }

  #contentOver(): void {
    if (this.#sparse !== undefined) return this.#region(this.#sparse);
    this.#events.ended();
    this.#skipPadding();
  }

  #meta(what: Meta, bytes: Buffer): void {
    if (what === 'records') {
      this.#records = new Map([...this.#records, ...readPaxRecords(bytes)]);
    } else if (what === 'global') {
      const named = readPaxRecords(bytes);
      if (named.has('path') || named.has('linkpath') || named.has('size')) {
        throw tarInvalid('a global header names a file');
      }
    } else {
      const end = bytes.indexOf(0);
      const text = bytes.toString('utf8', 0, end === -1 ? bytes.length : end);
      const key = what === 'path' ? 'path' : 'linkpath';
      this.#records = new Map([...this.#records, [key, text]]);
    }
    this.#skipPadding();
  }
}
