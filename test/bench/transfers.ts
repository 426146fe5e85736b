import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { interleaved, type Figure } from './harness.ts';

export const GB = 1_000_000_000;
const CHUNK = 1024 * 1024;
const BLOCKS = 3;

/** Writes a stream to a file, and syncs it. */
export function writeFileSynced(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  return pipeline(chunks, createWriteStream(path, { flush: true }));
}

/** A file of random bytes. */
export async function makeFile(path: string, bytes: number): Promise<void> {
  async function* random(): AsyncGenerator<Uint8Array> {
    for (let left = bytes; left > 0; left -= CHUNK) yield randomBytes(Math.min(left, CHUNK));
  }
  await writeFileSynced(path, random());
}

/** A file as a body, in large chunks. */
export function bodyOfFile(path: string): AsyncIterable<Uint8Array> {
  return createReadStream(path, { highWaterMark: CHUNK });
}

/** Reads a stream to its end; answers how many bytes came. */
export async function drain(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const chunk of chunks) bytes += chunk.byteLength;
  return bytes;
}

/** Runs a program to its end. @param input for its standard input */
export async function run(program: string, args: readonly string[], input = ''): Promise<void> {
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'inherit'] });
  const exit = once(child, 'exit');
  child.stdin.end(input);
  const [code] = (await exit) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
}

/** A transfer, ours and the baseline's, in turns. */
export interface Transfer {
  readonly name: string;
  readonly ours: () => unknown;
  readonly baseline: () => unknown;
  /** What is not measured: makes room for the next turn. */
  readonly before?: () => unknown;
  /** The least that the ratio should be, of what: '0.9 of cp + fsync'. */
  readonly least: number;
  readonly of: string;
}

/** Measures a transfer of 1 GB. */
export async function transferFigure(transfer: Transfer): Promise<Figure> {
  const { name, ours, baseline, before, least, of } = transfer;
  const pair = await interleaved(ours, baseline, BLOCKS, before);
  const rate = (ms: number): number => GB / 1e6 / (ms / 1000);
  const ratio = pair.baseline / pair.ours;
  return {
    name,
    value: rate(pair.ours),
    unit: 'MB/s',
    baseline: rate(pair.baseline),
    ratio,
    target: `>= ${least} of ${of}`,
    met: ratio >= least,
  };
}
