import type { Writable } from 'node:stream';
import type { Child } from '@holdfast/core/process';
import type { CommandDump, DumpStream } from '../sources/source.ts';
import { type CommandPlace, dumpBytes, tellEnd } from './dump-bytes.ts';
import { gather } from './gather.ts';
import { Counter, Meter } from './meter.ts';
import { outputOf } from './through-child.ts';
import { compress } from './zstd-compress.ts';
import { bytesRead, PROGRAM_FROM, type ZstdProgram } from './zstd-program.ts';

/** What is known of the plain bytes of a stream, when it has ended. */
export interface PlainMeasure {
  readonly bytes: number;
  /** Hex SHA-256; absent where there are many of them: the checksums of the frames stand for it. */
  readonly sha256?: string;
}

/** A stream on its way, compressed where its source asks for it. */
export interface Packed {
  /** Each piece stays as it is until the next one is asked for. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Of the plain bytes; call when `bytes` have ended. */
  plain(): PlainMeasure;
}

/** With what a stream is packed. */
export interface PackPlace extends CommandPlace {
  /** Aborts whatever produces the bytes. */
  readonly giveUp: () => void;
  /** The zstd program. Default: compression in this process. */
  readonly zstd?: ZstdProgram | undefined;
}

/**
 * Packs in this process, in two threads beside its own.
 *
 * @param isHashed whether the plain bytes are hashed, too
 */
function packHere(stream: DumpStream, isHashed: boolean, place: PackPlace): Packed {
  const plain = isHashed ? new Meter() : new Counter();
  const pieces = plain.through(gather(dumpBytes(stream, place)));
  const isPacked = stream.layers.includes('zstd');
  const bytes = isPacked ? compress(pieces, place.giveUp) : pieces;
  return { bytes, plain: () => plain.measure() };
}

/** Joins a program with the compressor by file descriptor. The consumer is there first: see `ChildOptions.stdout`. */
async function* joined(
  { command }: CommandDump,
  packer: Child,
  { startChild, signal }: PackPlace,
): AsyncGenerator<Uint8Array, void, void> {
  const { program, onEnd: _, ...options } = command;
  let child: Child;
  try {
    child = await startChild(program, { ...options, signal, stdout: packer.stdin as Writable });
  } catch (error) {
    await packer.kill(error);
    throw error;
  }
  yield* outputOf(packer, { done: child.done, stop: () => child.kill() });
  await tellEnd(command, child);
}

function packCommand(stream: CommandDump, zstd: ZstdProgram, place: PackPlace): Packed {
  let packed = 0;
  async function* bytes(): AsyncGenerator<Uint8Array, void, void> {
    const packer = await zstd.compress();
    yield* joined(stream, packer, place);
    packed = bytesRead(packer);
  }
  return { bytes: bytes(), plain: () => ({ bytes: packed }) };
}

/** A program's output is taken to be large unless its source knows better. */
function isLarge({ command, expectedBytes }: DumpStream): boolean {
  if (expectedBytes === undefined) return command !== undefined;
  return expectedBytes >= PROGRAM_FROM;
}

/**
 * Packs a stream of a dump. What a program prints, if that is large, by the zstd program, if it is here: joined by file
 * descriptor. What JavaScript gives is compressed where it is. Of a large one that it gives no hash is taken before it is
 * compressed, as that costs as much as all else that this thread does, and each frame has a checksum of its own.
 */
export async function pack(stream: DumpStream, place: PackPlace): Promise<Packed> {
  const { zstd } = place;
  const isBulk = stream.layers.includes('zstd') && isLarge(stream);
  if (stream.command === undefined) return packHere(stream, !isBulk, place);
  if (zstd === undefined || !isBulk || !(await zstd.isFit())) return packHere(stream, true, place);
  return packCommand(stream, zstd, place);
}
