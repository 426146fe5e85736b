import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { memoryObjectStore, type ObjectStore } from '@holdfast/core';
import { currentProcess, formatIdentity, startChild } from '@holdfast/core/process';
import { coalesce } from '../src/pipeline/coalesce.ts';
import { readArtifact } from '../src/pipeline/read-artifact.ts';
import { storeArtifact } from '../src/pipeline/store-artifact.ts';
import { FRAME_BYTES } from '../src/pipeline/zstd-encoder.ts';
import { withScratch } from '../src/sources/workroom.ts';
import { overriding } from './support/overriding.ts';
import { bytesOf, leftIn, testRooms } from './support/rooms.ts';

const rooms = testRooms();
const quiet = { signal: new AbortController().signal, giveUp: () => undefined, startChild };

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}

async function gather(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  // Copied: what is sealed or compressed is used again.
  for await (const chunk of source) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

describe('the pipeline', () => {
  it.each([0, 1, 1024 * 1024, 5_000_001])('gives back %i bytes as they were', async (size) => {
    const store = memoryObjectStore();
    const bytes = randomBytes(size);
    const stream = { plainName: 'x.bin', layers: ['zstd'] as const, bytes: pieces(bytes, 65_536) };
    const artifact = await storeArtifact(stream, { store, path: 'p/', ...quiet });
    expect(artifact).toMatchObject({ name: 'x.bin.zst', plainBytes: size });
    const back = await gather(readArtifact(artifact, { store, path: 'p/', signal: quiet.signal }));
    expect(back.equals(bytes)).toBe(true);
  });

  it('writes what the zstd program reads, with a checksum in the frame', async () => {
    const store = memoryObjectStore();
    const bytes = Buffer.alloc(3_000_000, 'holdfast ');
    const stream = { plainName: 'x', layers: ['zstd'] as const, bytes: pieces(bytes, 10_000) };
    await storeArtifact(stream, { store, path: 'p/', ...quiet });
    const stored = await bytesOf(store, 'p/x.zst');
    expect(
      execFileSync('zstd', ['-d', '-c'], { input: stored, maxBuffer: 1e7 }).equals(bytes),
    ).toBe(true);
    // RFC 8878, 3.1.1.1: bit 2 of the byte after the magic number says that a checksum follows.
    expect((stored[4] ?? 0) & 0x04).toBe(0x04);
  });

  it('gathers small chunks, and loses none', async () => {
    const bytes = randomBytes(300_000);
    const sizes: number[] = [];
    const gathered: Uint8Array[] = [];
    for await (const piece of coalesce(pieces(bytes, 777), 100_000)) {
      sizes.push(piece.byteLength);
      gathered.push(piece);
    }
    expect(sizes.length).toBeLessThan(5);
    expect(Buffer.concat(gathered).equals(bytes)).toBe(true);
  });

  it('reads no further than the store writes', async () => {
    let produced = 0;
    async function* endless(): AsyncGenerator<Uint8Array, void, void> {
      for (;;) {
        produced += 1024 * 1024;
        yield await Promise.resolve(randomBytes(1024 * 1024));
      }
    }
    const enough = new Error('enough');
    const put: ObjectStore['put'] = async (_key, body) => {
      let taken = 0;
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        taken += chunk.byteLength;
        if (taken > 8_000_000) throw enough;
      }
      throw new Error('it should not end');
    };
    const store = overriding(memoryObjectStore(), { put });
    const stream = { plainName: 'x', layers: ['zstd'] as const, bytes: endless() };
    await expect(storeArtifact(stream, { store, path: 'p/', ...quiet })).rejects.toBe(enough);
    expect(produced).toBeLessThan(32_000_000);
  });

  it('wakes a source that waits when the store fails', async () => {
    const inner = new AbortController();
    const waiting = Promise.withResolvers<void>();
    let released = false;
    async function* stuck(): AsyncGenerator<Uint8Array, void, void> {
      try {
        yield randomBytes(FRAME_BYTES);
        waiting.resolve();
        await new Promise((_resolve, reject) => {
          inner.signal.addEventListener('abort', () => reject(new Error('woken')));
        });
      } finally {
        released = true;
      }
    }
    const full = new Error('full');
    const put: ObjectStore['put'] = async (_key, body) => {
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        expect(chunk.byteLength).toBeGreaterThan(0);
        await waiting.promise;
        throw full;
      }
      throw new Error('it should not end');
    };
    const store = overriding(memoryObjectStore(), { put });
    const stream = { plainName: 'x', layers: ['zstd'] as const, bytes: stuck() };
    const place = { store, path: 'p/', ...quiet, giveUp: () => inner.abort() };
    await expect(storeArtifact(stream, place)).rejects.toBe(full);
    expect(released).toBe(true);
  });
});

describe('a scratch directory', () => {
  it('is removed when the work fails', async () => {
    const work = withScratch(rooms.scratchRoot, async (scratch) => {
      await writeFile(join(scratch, 'dump'), 'x');
      throw new Error('failed');
    });
    await expect(work).rejects.toThrow('failed');
    expect(await leftIn(rooms.scratchRoot)).toEqual([]);
  });

  it('of a dead process is swept; of a living or an unknown one it is left alone', async () => {
    const here = currentProcess();
    const nameFor = (identity: typeof here) =>
      `holdfast-${formatIdentity(identity).replaceAll(':', '+')}-abcdef`;
    const dead = nameFor({ ...here, startTime: '1' });
    const kept = [
      nameFor(here),
      nameFor({ ...here, hostId: 'another', bootId: 'another/1' }),
      'holdfast-somebody-else',
      'unrelated',
    ];
    for (const name of [dead, ...kept]) {
      await mkdir(join(rooms.scratchRoot, name), { recursive: true });
    }
    await withScratch(rooms.scratchRoot, () => Promise.resolve());
    expect((await readdir(rooms.scratchRoot)).toSorted()).toEqual(kept.toSorted());
  });
});
