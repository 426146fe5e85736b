import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decompress } from '../src/pipeline/zstd.ts';
import { compress } from '../src/pipeline/zstd-compress.ts';
import { FRAME_BYTES } from '../src/pipeline/zstd-encoder.ts';
import { FrameCutter } from '../src/pipeline/zstd-frames.ts';
import { isProvided } from '../../../test/servers/provided.ts';

const hasZstd = spawnSync('zstd', ['--version']).status === 0;
const nothing = (): void => undefined;

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(Buffer.from(bytes.subarray(at, at + size)));
  }
}

/** Copied, as a store does: what a pipeline gives is used again. */
async function gathered(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function unpacked(bytes: Buffer, size: number): Promise<Buffer> {
  return gathered(decompress(inChunks(bytes, size), nothing));
}

/** Frames that follow each other: of many blocks, of none, of one byte that repeats, and one without content. */
const parts = [
  randomBytes(300_000),
  Buffer.alloc(0),
  Buffer.alloc(500_000, 'a'),
  Buffer.from('short'),
];
const skippable = Buffer.concat([
  Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 5, 0, 0, 0]),
  randomBytes(5),
]);
const [first, ...others] = parts.map((part) => zstdCompressSync(part));
const frames = Buffer.concat([first as Buffer, skippable, ...others]);
const plain = Buffer.concat(parts);

describe('frames that follow each other', () => {
  it.each([61, 4096, 131_072, 10_000_000])('are all read, in chunks of %i bytes', async (size) => {
    expect((await unpacked(frames, size)).equals(plain)).toBe(true);
  });

  it('that are cut off anywhere are refused', async () => {
    const ends = new Set<number>();
    const whole = [0, ...[first as Buffer, skippable, ...others].map((frame) => frame.length)];
    for (let sum = 0; whole.length > 0;) ends.add((sum += whole.shift() ?? 0));
    const cuts = [0, 1, 3, 4, 5, 300_005, frames.length - 1, frames.length - 5];
    for (const cut of [...cuts, (first as Buffer).length + 6, (first as Buffer).length + 2]) {
      expect(ends.has(cut) && cut !== 0).toBe(false);
      await expect(unpacked(frames.subarray(0, cut), 65_536)).rejects.toThrow();
    }
  });

  it('that something else follows are refused', async () => {
    for (const more of [Buffer.from([0]), Buffer.from('more'), randomBytes(1000)]) {
      await expect(unpacked(Buffer.concat([frames, more]), 65_536)).rejects.toThrow(
        /no zstd frame/,
      );
    }
  });

  it('are cut at their ends, and nowhere else, in one write', () => {
    const sizes = [...new FrameCutter().cut(frames)].map(({ length }) => length);
    expect(sizes).toEqual([first as Buffer, skippable, ...others].map(({ length }) => length));
  });
});

describe('compression in this process', () => {
  it.each([0, 1, FRAME_BYTES, FRAME_BYTES + 1, 3 * FRAME_BYTES + 77])(
    'gives back %i bytes, in frames with checksums',
    async (size) => {
      const bytes = Buffer.concat([randomBytes(size >> 1), Buffer.alloc(size - (size >> 1), 'x')]);
      const packed = await gathered(compress(inChunks(bytes, 1_000_003), nothing));
      expect((await unpacked(packed, 100_000)).equals(bytes)).toBe(true);
      const made = [...new FrameCutter().cut(packed)];
      expect(made.length).toBe(Math.max(1, Math.ceil(size / FRAME_BYTES)));
      // RFC 8878, 3.1.1.1: bit 2 of the byte after the magic number says that a checksum follows.
      for (const frame of made) expect((frame[4] ?? 0) & 0x04).toBe(0x04);
    },
  );

  it.skipIf(!isProvided(hasZstd, 'zstd'))('is read by the zstd program', async () => {
    const bytes = Buffer.concat([randomBytes(5_000_000), Buffer.alloc(6_000_000, 'holdfast ')]);
    const packed = await gathered(compress(inChunks(bytes, 65_536), nothing));
    const options = { input: packed, maxBuffer: 20_000_000 };
    expect(execFileSync('zstd', ['-d', '-c'], options).equals(bytes)).toBe(true);
  });

  it('has no more than a few frames in memory, however slow its reader', async () => {
    let asked = 0;
    async function* endless(): AsyncGenerator<Uint8Array, void, void> {
      for (;;) {
        asked += 1024 * 1024;
        yield await Promise.resolve(randomBytes(1024 * 1024));
      }
    }
    let frame = 0;
    for await (const _ of compress(endless(), nothing)) {
      frame += 1;
      expect(asked).toBeLessThanOrEqual((frame + 4) * FRAME_BYTES);
      if (frame === 6) break;
    }
  });

  it('fails with what its source throws, behind no end of a frame that looks whole', async () => {
    const failed = new Error('the source');
    async function* failing(): AsyncGenerator<Uint8Array, void, void> {
      yield await Promise.resolve(randomBytes(FRAME_BYTES));
      throw failed;
    }
    await expect(gathered(compress(failing(), nothing))).rejects.toBe(failed);
  });
});
