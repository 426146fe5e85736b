import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { interleaved, type Figure } from './harness.ts';

export const GB = 1_000_000_000;
const CHUNK = 2 * 1024 * 1024;
const BLOCKS = 3;

/** Writes a stream to a file, and syncs it. */
function writeFileSynced(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  return pipeline(chunks, createWriteStream(path, { flush: true }));
}

/** A file of random bytes. */
export async function makeFile(path: string, bytes: number): Promise<void> {
  async function* random(): AsyncGenerator<Uint8Array> {
    for (let left = bytes; left > 0; left -= CHUNK) yield randomBytes(Math.min(left, CHUNK));
  }
  await writeFileSynced(path, random());
}

/**
 * Leaves a machine's free memory alike for whoever writes a file next: as a file of that size has left it that was
 * written and removed. Else each turn takes what the one before has freed, and which pages those are decides how long it takes.
 */
export async function alikeMemory(folder: string): Promise<void> {
  const path = join(folder, 'removed');
  const chunk = Buffer.alloc(CHUNK);
  const file = await open(path, 'w');
  for (let left = GB; left > 0; left -= CHUNK) await file.write(chunk);
  await file.close();
  await rm(path);
}

/** A file as a body, in large chunks whose memory goes round, one of them read ahead. */
export async function* bodyOfFile(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  try {
    const buffers = [Buffer.alloc(CHUNK), Buffer.alloc(CHUNK)] as const;
    const read = (turn: number) => file.read(buffers[(turn % 2) as 0 | 1], 0, CHUNK);
    let next = read(0);
    for (let turn = 1; ; turn++) {
      const { buffer, bytesRead } = await next;
      if (bytesRead === 0) return;
      next = read(turn);
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
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
