import { zstdDecompressSync } from 'node:zlib';
import { HoldfastError, isHoldfastError } from '@holdfast/core';
import type { Child, ChildOptions } from '@holdfast/core/process';
import type { CommandPlace } from './dump-bytes.ts';

const PROGRAM = 'zstd';
/** Level 3, all cores, a checksum in the frame; and what it read and wrote, in bytes, on stderr. */
const COMPRESS = ['-3', '-T0', '--check', '-vv', '--no-progress', '-c'];
const DECOMPRESS = ['-d', '-q', '--no-progress', '-c'];
const TEST = ['-d', '-vv', '--no-progress', '-c'];
/** What it says of what it has read: `(1234567 B => 4567 B`, before version 1.5 `(1234567 => 4567 bytes`. */
const READ_COUNT = /\(\s*(\d+)(?: B)? =>\s*\d+(?: B|\s*bytes)/;
/** What it says of what it has written: `: 1234567 bytes`. */
const WRITTEN_COUNT = /:\s*(\d+) bytes/;

/** Below this many bytes a program costs more than it saves. */
export const PROGRAM_FROM = 16 * 1024 * 1024;

/** Codes of a program that is not there, or not fit. */
const UNFIT: ReadonlySet<string> = new Set(['TOOL_MISSING', 'TOOL_NOT_EXECUTABLE', 'TOOL_FAILED']);

function countIn(text: string, pattern: RegExp): number | undefined {
  const [, count] = pattern.exec(text) ?? [];
  return count === undefined ? undefined : Number(count);
}

/** The bytes that a child printed. */
async function printed(child: Child): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout ?? []) chunks.push(chunk as Buffer);
  await child.done;
  return Buffer.concat(chunks);
}

/**
 * The `zstd` program: it compresses on all cores, and outside of this process. Whether it is here, and does what
 * is asked of it, is tried once for each instance.
 */
export class ZstdProgram {
  readonly #place: CommandPlace;
  #isFit: Promise<boolean> | undefined;

  constructor(place: CommandPlace) {
    this.#place = place;
  }

  /** Whether it is here, and tells sizes in bytes. */
  isFit(): Promise<boolean> {
    this.#isFit ??= this.#probe();
    return this.#isFit;
  }

  /** Starts it to compress what is written to its stdin. */
  compress(): Promise<Child> {
    return this.#start(COMPRESS, {});
  }

  /** Starts it to decompress what is written to its stdin. */
  decompress(): Promise<Child> {
    return this.#start(DECOMPRESS, {});
  }

  /** Starts it to decompress to nowhere, for its checksum alone. */
  test(): Promise<Child> {
    return this.#start(TEST, { stdout: 'ignore' });
  }

  #start(args: readonly string[], options: ChildOptions): Promise<Child> {
    const { startChild, signal } = this.#place;
    return startChild(PROGRAM, { args, stdin: 'pipe', signal, ...options });
  }

  async #probe(): Promise<boolean> {
    const text = 'holdfast';
    try {
      const packer = await this.compress();
      packer.stdin?.end(text);
      const frame = await printed(packer);
      if (countIn(packer.stderrTail(), READ_COUNT) !== text.length) return false;
      const tester = await this.test();
      tester.stdin?.end(frame);
      await tester.done;
      const found = countIn(tester.stderrTail(), WRITTEN_COUNT);
      return found === text.length && zstdDecompressSync(frame).toString() === text;
    } catch (error) {
      this.#place.signal.throwIfAborted();
      if (isHoldfastError(error) && UNFIT.has(error.code)) return false;
      throw error;
    }
  }
}

/** The plain bytes that a compressor has read, once it is done. */
export function bytesRead(packer: Child): number {
  return certain(countIn(packer.stderrTail(), READ_COUNT));
}

/** The plain bytes that a tester has come upon, once it is done. */
export function bytesFound(tester: Child): number {
  return certain(countIn(tester.stderrTail(), WRITTEN_COUNT));
}

function certain(count: number | undefined): number {
  if (count !== undefined) return count;
  throw new HoldfastError('TOOL_FAILED', 'zstd did not tell how many bytes it has read.', {
    hint: 'Nothing was published. Try again; if it stays so, please report it, with `zstd --version`.',
  });
}
