import { createHash, hash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { startChild } from '@holdfast/core/process';
import { PIECE_BYTES } from '../src/pipeline/coalesce.ts';
import { gather } from '../src/pipeline/gather.ts';
import { piecesOf } from '../src/pipeline/pieces.ts';

const KIB = 1024;

function print(program: string) {
  return startChild(process.execPath, { args: ['-e', program] });
}

async function* chunksOf(bytes: Buffer, size: number): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}

/** Reads pieces; each is hashed when it comes, and once more after others had their turn: it must not have changed. */
async function read(pieces: AsyncIterable<Uint8Array>) {
  const sizes: number[] = [];
  const whole = createHash('sha256');
  for await (const piece of pieces) {
    const sha256 = hash('sha256', piece);
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(hash('sha256', piece)).toBe(sha256);
    whole.update(piece);
    sizes.push(piece.byteLength);
  }
  return { sizes, sha256: whole.digest('hex') };
}

describe('the pieces of a child', () => {
  it('are what it printed, all but the last one full, and stay until the next one is asked for', async () => {
    const bytes = 9 * PIECE_BYTES + 4321;
    const child = await print(
      `const b = require('crypto').createHash('shake256', { outputLength: ${bytes} }).digest(); process.stdout.write(b)`,
    );
    const expected = createHash('shake256', { outputLength: bytes }).digest();
    const { sizes, sha256 } = await read(piecesOf(child.stdout as Readable));
    await child.done;
    expect(sizes).toEqual([...Array.from({ length: 9 }, () => PIECE_BYTES), 4321]);
    expect(sha256).toBe(hash('sha256', expected));
  });

  it('lie in two buffers, however many there are', async () => {
    const child = await print(
      `const b = Buffer.alloc(${PIECE_BYTES}, 'x'); for (let n = 0; n < 20; n++) process.stdout.write(b)`,
    );
    const buffers = new Set<ArrayBufferLike>();
    for await (const { buffer } of piecesOf(child.stdout as Readable)) buffers.add(buffer);
    expect(buffers.size).toBeLessThanOrEqual(2);
  });

  it('are none where nothing is printed, and end with the error of a program that fails', async () => {
    const silent = await print('');
    expect((await read(piecesOf(silent.stdout as Readable))).sizes).toEqual([]);
    const failing = await print(`process.stdout.write('x'); process.exitCode = 3`);
    const reading = read(piecesOf(failing.stdout as Readable));
    await expect(reading).rejects.toMatchObject({ code: 'TOOL_FAILED' });
  });

  it('are gathered no further ahead than one', async () => {
    let given = 0;
    const output = new Readable({
      read() {
        given += 64 * KIB;
        this.push(Buffer.alloc(64 * KIB));
      },
      highWaterMark: 64 * KIB,
    });
    let pieces = 0;
    for await (const piece of piecesOf(output)) {
      pieces += 1;
      await new Promise((resolve) => setImmediate(resolve));
      expect(given).toBeLessThanOrEqual((pieces + 1) * PIECE_BYTES + 256 * KIB);
      expect(piece.byteLength).toBe(PIECE_BYTES);
      if (pieces === 5) break;
    }
    expect(output.destroyed).toBe(true);
  });

  it('leave small chunks alone, whose memory is that of others, too', async () => {
    const shared = Buffer.from(randomBytes(40).toString('hex'));
    const output = Readable.from([shared.subarray(0, 20), shared.subarray(20)]);
    const { sha256 } = await read(piecesOf(output));
    expect(sha256).toBe(hash('sha256', shared));
    expect(shared.byteLength).toBe(80);
  });
});

describe('gathered chunks', () => {
  it.each([1009, 64 * KIB, PIECE_BYTES, 3 * PIECE_BYTES + 1])(
    'of %i bytes are all there, and stay until the next one is asked for',
    async (size) => {
      const bytes = randomBytes(5 * PIECE_BYTES + 99);
      const { sizes, sha256 } = await read(gather(chunksOf(bytes, size)));
      expect(sha256).toBe(hash('sha256', bytes));
      expect(sizes.slice(0, -1).every((one) => one === PIECE_BYTES)).toBe(true);
      expect(sizes.length).toBe(6);
    },
  );
});
