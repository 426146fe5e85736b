import type { Writable } from 'node:stream';
import type { Child } from '@holdfast/core/process';
import type { CommandDump, DumpStream, StreamedDump } from '../sources/source.ts';
import { type CommandPlace, dumpBytes, tellEnd } from './dump-bytes.ts';
import { gather } from './gather.ts';
import { Meter } from './meter.ts';
import { outputOf, throughChild } from './through-child.ts';
import { compress } from './zstd-compress.ts';
import { bytesRead, PROGRAM_FROM, type ZstdProgram } from './zstd-program.ts';

/** What is known of the plain bytes of a stream, when it has ended. */
export interface PlainMeasure {
  readonly bytes: number;
  /** Hex SHA-256; absent where the zstd program compressed them. */
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

/** Packs in this process: one thread beside the event loop. */
function packHere(stream: DumpStream, place: PackPlace): Packed {
  const plain = new Meter();
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

/** No hash is taken: it would cost as much as all else that this process does. */
function packStream({ bytes }: StreamedDump, zstd: ZstdProgram, { giveUp }: PackPlace): Packed {
  let packed = 0;
  async function* packing(): AsyncGenerator<Uint8Array, void, void> {
    const packer = await zstd.compress();
    yield* throughChild(gather(bytes), packer, giveUp);
    packed = bytesRead(packer);
  }
  return { bytes: packing(), plain: () => ({ bytes: packed }) };
}

/** A program's output is taken to be large unless its source knows better. */
function isLarge({ command, expectedBytes }: DumpStream): boolean {
  if (expectedBytes === undefined) return command !== undefined;
  return expectedBytes >= PROGRAM_FROM;
}

/**
 * Packs a stream of a dump: a large one by the zstd program, if it is here, joined with the source by file
 * descriptor where the source is a program, too.
 */
export async function pack(stream: DumpStream, place: PackPlace): Promise<Packed> {
  const { zstd } = place;
  const isWanted = stream.layers.includes('zstd') && isLarge(stream);
  if (zstd === undefined || !isWanted || !(await zstd.isFit())) return packHere(stream, place);
  return stream.command === undefined
    ? packStream(stream, zstd, place)
    : packCommand(stream, zstd, place);
}
