import type { Readable } from 'node:stream';
import { isHoldfastError } from '@holdfast/core';
import type { Artifact } from '../model/manifest.ts';
import { throughChild } from './through-child.ts';
import { decompress } from './zstd.ts';
import { bytesFound, PROGRAM_FROM, type ZstdProgram } from './zstd-program.ts';

/** With what a stream is decompressed. */
export interface UnpackPlace {
  /** The zstd program. Default: decompression in this process. */
  readonly zstd: ZstdProgram | undefined;
  /** Wakes whatever gives the bytes. */
  readonly giveUp: () => void;
}

/** Exit code 1 is zstd's word on its input. Any other end says nothing of it. */
function judged(error: unknown): unknown {
  const isVerdict =
    isHoldfastError(error) &&
    error.code === 'TOOL_FAILED' &&
    error.context['command'] === 'zstd' &&
    error.context['exitCode'] === 1;
  return isVerdict ? new Error('zstd refuses it', { cause: error }) : error;
}

async function byProgram(
  { plainBytes }: Pick<Artifact, 'plainBytes'>,
  zstd: ZstdProgram | undefined,
): Promise<ZstdProgram | undefined> {
  const isFit = zstd !== undefined && plainBytes >= PROGRAM_FROM && (await zstd.isFit());
  return isFit ? zstd : undefined;
}

/** Whoever restores may keep what is given. */
async function* chunksOf(output: Readable): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of output) yield chunk as Uint8Array;
}

/**
 * Decompresses, a large artifact by the zstd program, if it is here.
 *
 * @throws Error it is no whole zstd frame, or its checksum is wrong
 */
export async function* unpack(
  source: AsyncIterable<Uint8Array>,
  artifact: Pick<Artifact, 'plainBytes'>,
  { zstd, giveUp }: UnpackPlace,
): AsyncGenerator<Uint8Array, void, void> {
  const program = await byProgram(artifact, zstd);
  if (program === undefined) {
    yield* decompress(source, giveUp);
    return;
  }
  try {
    yield* throughChild(source, await program.decompress(), giveUp, chunksOf);
  } catch (error) {
    throw judged(error);
  }
}

/**
 * Decompresses by the zstd program, to nowhere.
 *
 * @returns the plain bytes; undefined, before anything was read, where it cannot stand for a comparison of hashes
 * @throws Error as {@link unpack}
 */
export async function testUnpacked(
  source: AsyncIterable<Uint8Array>,
  artifact: Pick<Artifact, 'plainBytes' | 'plainSha256' | 'layers'>,
  { zstd, giveUp }: UnpackPlace,
): Promise<number | undefined> {
  const isEnough = artifact.layers.includes('zstd') && artifact.plainSha256 === undefined;
  const program = isEnough ? await byProgram(artifact, zstd) : undefined;
  if (program === undefined) return undefined;
  try {
    const tester = await program.test();
    for await (const chunk of throughChild(source, tester, giveUp)) void chunk;
    return bytesFound(tester);
  } catch (error) {
    throw judged(error);
  }
}
