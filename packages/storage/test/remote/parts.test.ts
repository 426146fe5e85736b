import { describe, expect, it } from 'vitest';
import { gatherParts } from '../../src/remote/gather-parts.ts';
import { growingParts, steadyParts } from '../../src/remote/part-plan.ts';
import { all } from '../streams.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const TIB = 1024 ** 4;
const S3 = { maxParts: 10_000, maxPartBytes: 5 * GIB, maxObjectBytes: 5 * TIB };

describe('parts that grow', () => {
  const plan = growingParts(8 * MIB, S3);
  const sizes = Array.from({ length: S3.maxParts }, (_, index) => plan.sizeOf(index + 1));

  it('hold the largest object', () => {
    const sum = sizes.reduce((total, size) => total + size, 0);
    expect(sum).toBeGreaterThanOrEqual(5 * TIB);
    expect(sum).toBeLessThan(5.01 * TIB);
    expect(plan.maxBytes).toBe(5 * TIB);
  });

  it('never shrink, and are never larger than a part may be', () => {
    expect(sizes.every((size, index) => size >= (sizes[index - 1] ?? 0))).toBe(true);
    expect(Math.max(...sizes)).toBeLessThan(1.25 * GIB);
    expect(Math.min(...sizes)).toBe(8 * MIB);
  });

  it('stay small for all but very large objects', () => {
    const sizeAt = (bytes: number): number => {
      let sent = 0;
      return sizes.find((size) => (sent += size) >= bytes)!;
    };
    expect(sizeAt(10 * GIB)).toBe(8 * MIB);
    expect(sizeAt(100 * GIB)).toBeLessThan(165 * MIB);
  });

  it('do not grow when parts of one size are enough', () => {
    const large = growingParts(600 * MIB, S3);
    expect(large.sizeOf(10_000)).toBe(600 * MIB);
    expect(large.maxBytes).toBe(5 * TIB);
  });
});

describe('few parts that grow', () => {
  it('hold what fits into them, and say so', () => {
    const plan = growingParts(8 * MIB, { ...S3, maxParts: 1000 });
    const sizes = Array.from({ length: 1000 }, (_, index) => plan.sizeOf(index + 1));
    expect(Math.max(...sizes)).toBe(5 * GIB);
    expect(plan.maxBytes).toBe(sizes.reduce((total, size) => total + size, 0));
    expect(plan.maxBytes).toBeGreaterThan(3 * TIB);
  });
});

describe('parts of one size', () => {
  it('hold so many bytes', () => {
    const plan = steadyParts(8 * MIB, S3);
    expect([plan.sizeOf(1), plan.sizeOf(10_000)]).toEqual([8 * MIB, 8 * MIB]);
    expect(plan.maxBytes).toBe(80_000 * MIB);
  });
});

async function* chunked(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

async function gather(bytes: number, chunk: number, sizeOf: (part: number) => number) {
  const source = Buffer.from(Array.from({ length: bytes }, (_, index) => index % 251));
  const parts = [];
  for await (const part of gatherParts(chunked(source, chunk), sizeOf)) parts.push(part);
  expect(Buffer.concat(parts.map((part) => part.bytes)).equals(source)).toBe(true);
  return parts.map(({ number, bytes: { byteLength }, isFull }) => [number, byteLength, isFull]);
}

describe('gathering parts', () => {
  it('fills each to its size, whatever the chunks are', async () => {
    for (const chunk of [1, 7, 100, 1000]) {
      expect(await gather(250, chunk, () => 100)).toEqual([
        [1, 100, true],
        [2, 100, true],
        [3, 50, false],
      ]);
    }
    expect(await gather(300_000, 3000, (part) => part * 100_000)).toEqual([
      [1, 100_000, true],
      [2, 200_000, true],
    ]);
  });

  it('gives one empty part for nothing, and none after a last one that is full', async () => {
    expect(await gather(0, 10, () => 100)).toEqual([[1, 0, false]]);
    expect(await gather(200, 60, () => 100)).toEqual([
      [1, 100, true],
      [2, 100, true],
    ]);
  });

  it('takes no more memory for a small stream than it needs', async () => {
    const [part] = await all(gatherParts(chunked(new Uint8Array(1000), 100), () => 500 * MIB));
    expect(part?.bytes.buffer.byteLength).toBeLessThanOrEqual(64 * 1024);
  });

  it('keeps its own copy of what it is given', async () => {
    const buffer = new Uint8Array(10);
    async function* reusing(): AsyncGenerator<Uint8Array> {
      for (const value of [1, 2, 3]) yield buffer.fill(value);
    }
    const parts = await all(gatherParts(reusing(), () => 20));
    expect(parts.map(({ bytes }) => [...new Set(bytes)])).toEqual([[1, 2], [3]]);
  });
});
