import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { memoryObjectStore, type ObjectStore } from '@holdfast/core';
import { type Child, startChild } from '@holdfast/core/process';
import type { DumpStream, StartChild } from '@holdfast/backups';
import { measureOf } from '../src/pipeline/meter.ts';
import { checkReadable, readArtifact } from '../src/pipeline/read-artifact.ts';
import { storeArtifact } from '../src/pipeline/store-artifact.ts';
import { PROGRAM_FROM, ZstdProgram } from '../src/pipeline/zstd-program.ts';
import { overriding } from './support/overriding.ts';
import { bytesOf, keysOf } from './support/rooms.ts';

const { signal } = new AbortController();
const hasZstd = spawnSync('zstd', ['--version']).status === 0;

function placeFor(store: ObjectStore, options: { start?: StartChild; signal?: AbortSignal } = {}) {
  const commands = { startChild: options.start ?? startChild, signal: options.signal ?? signal };
  const zstd = new ZstdProgram(commands);
  return { store, path: 'p/', ...commands, giveUp: () => undefined, zstd };
}

async function gather(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}

function printing(script: string, expectedBytes?: number): DumpStream {
  const command = { program: 'sh', args: ['-c', script] };
  return {
    plainName: 'x',
    layers: ['zstd'],
    command,
    ...(expectedBytes === undefined ? {} : { expectedBytes }),
  };
}

/** Remembers what was started, and how it was joined. */
function recorded(): { start: StartChild; started: string[]; joined: string[]; children: Child[] } {
  const started: string[] = [];
  const joined: string[] = [];
  const children: Child[] = [];
  const start: StartChild = async (command, options) => {
    started.push(command);
    if (typeof options?.stdout === 'object') joined.push(command);
    const child = await startChild(command, options);
    children.push(child);
    return child;
  };
  return { start, started, joined, children };
}

describe.skipIf(!hasZstd)('the zstd program', () => {
  it(
    'is joined with a program by descriptor: whole, counted, and read by everybody',
    {
      timeout: 120_000,
    },
    async () => {
      const store = memoryObjectStore();
      const { start, started, joined } = recorded();
      const place = placeFor(store, { start });
      for (let round = 0; round < 10; round++) {
        // The last is large enough to be read by the program, too.
        const size = round === 9 ? 20_000_001 : 2_000_001;
        const script = `head -c ${size} /dev/zero | tr '\\0' ${round}`;
        const artifact = await storeArtifact(
          { ...printing(script), plainName: `x${round}` },
          place,
        );
        expect(artifact.plainBytes).toBe(size);
        // No plain byte came by here.
        expect(artifact.plainSha256).toBeUndefined();
        const frame = await bytesOf(store, `p/x${round}.zst`);
        const expected = Buffer.alloc(size, String(round));
        expect(zstdDecompressSync(frame).equals(expected)).toBe(true);
        const reading = { store, path: 'p/', signal, zstd: place.zstd };
        expect((await gather(readArtifact(artifact, reading))).equals(expected)).toBe(true);
      }
      expect(joined).toEqual(Array.from({ length: 10 }, () => 'sh'));
      // The consumer is there before its producer.
      expect(started.lastIndexOf('zstd')).toBeGreaterThan(started.indexOf('sh'));
      expect(started.indexOf('zstd')).toBeLessThan(started.indexOf('sh'));
    },
  );

  it('is left alone for what JavaScript gives, of which no hash is taken when it is large', async () => {
    const store = memoryObjectStore();
    const { start, started } = recorded();
    const place = placeFor(store, { start });
    const bytes = Buffer.concat([randomBytes(3_000_001), Buffer.alloc(15_000_000, 'holdfast ')]);
    const expectedBytes = PROGRAM_FROM;
    const stream = { plainName: 'x', layers: ['zstd'] as const, bytes: pieces(bytes, 70_000) };
    const artifact = await storeArtifact({ ...stream, expectedBytes }, place);
    expect(started).toEqual([]);
    const back = await gather(readArtifact(artifact, { store, path: 'p/', signal }));
    expect(back.equals(bytes)).toBe(true);
    expect(artifact.plainBytes).toBe(bytes.length);
    // A hash costs as much as all else: the checksum in the frame stands for it.
    expect(artifact.plainSha256).toBeUndefined();
    const input = await bytesOf(store, 'p/x.zst');
    expect(execFileSync('zstd', ['-dc'], { input, maxBuffer: 1e8 }).equals(bytes)).toBe(true);
  });

  it('is left alone for what is small', async () => {
    const { start, started } = recorded();
    const place = placeFor(memoryObjectStore(), { start });
    const artifact = await storeArtifact(printing('seq 1 1000', 4000), place);
    expect(started).toEqual(['sh']);
    expect(artifact.plainSha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each(['head -c 30000000 /dev/zero; exit 7', 'head -c 30000000 /dev/zero; kill -9 $$'])(
    'that ends its frame well hides no producer that failed: %s',
    async (script) => {
      const store = memoryObjectStore();
      const storing = storeArtifact(printing(script), placeFor(store));
      await expect(storing).rejects.toMatchObject({
        code: 'TOOL_FAILED',
        context: { command: 'sh' },
      });
      expect(await keysOf(store)).toEqual([]);
    },
  );

  it('that dies is named, not the broken pipe of its producer; nothing goes on running', async () => {
    const { start, children } = recorded();
    const dying: StartChild = async (command, options) => {
      const child = await start(command, options);
      if (command === 'sh') process.kill(children.at(-2)?.identity.pid ?? 0, 'SIGKILL');
      return child;
    };
    const store = memoryObjectStore();
    const storing = storeArtifact(printing('yes'), placeFor(store, { start: dying }));
    await expect(storing).rejects.toMatchObject({
      code: 'TOOL_FAILED',
      context: { command: 'zstd', signal: 'SIGKILL' },
    });
    await Promise.all(children.map(({ exited }) => exited));
    expect(await keysOf(store)).toEqual([]);
  });

  it('and its producer are ended when the store fails, and when the work is given up', async () => {
    const full = new Error('full');
    const put: ObjectStore['put'] = async (_key, body) => {
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        expect(chunk.byteLength).toBeGreaterThan(0);
        throw full;
      }
      throw new Error('it should not end');
    };
    const failing = recorded();
    const store = overriding(memoryObjectStore(), { put });
    const script = 'exec cat /dev/urandom';
    await expect(
      storeArtifact(printing(script), placeFor(store, { start: failing.start })),
    ).rejects.toBe(full);
    await Promise.all(failing.children.map(({ exited }) => exited));

    const abort = new AbortController();
    const reason = new Error('enough');
    const aborted = recorded();
    const start: StartChild = async (command, options) => {
      const child = await aborted.start(command, options);
      if (command === 'sh') setImmediate(() => abort.abort(reason));
      return child;
    };
    const place = placeFor(memoryObjectStore(), { start, signal: abort.signal });
    await expect(storeArtifact(printing(script), place)).rejects.toBe(reason);
    await Promise.all(aborted.children.map(({ exited }) => exited));
  });

  it('gives the error of the source that feeds it', async () => {
    const failure = new Error('the source failed');
    async function* failing(): AsyncGenerator<Uint8Array, void, void> {
      yield await Promise.resolve(randomBytes(2_000_000));
      throw failure;
    }
    const stream = { plainName: 'x', layers: ['zstd'] as const, bytes: failing() };
    const store = memoryObjectStore();
    const storing = storeArtifact({ ...stream, expectedBytes: PROGRAM_FROM }, placeFor(store));
    await expect(storing).rejects.toBe(failure);
    expect(await keysOf(store)).toEqual([]);
  });

  it.each(['missing', 'of another kind'])('that is %s is done without', async (what) => {
    const start: StartChild = (command, options) => {
      if (command !== 'zstd') return startChild(command, options);
      return what === 'missing'
        ? startChild('holdfast-no-such-program', options)
        : startChild('cat', { ...options, args: ['-'] });
    };
    const store = memoryObjectStore();
    const artifact = await storeArtifact(printing('seq 1 400000'), placeFor(store, { start }));
    expect(artifact.plainSha256).toMatch(/^[0-9a-f]{64}$/);
    const back = await gather(readArtifact(artifact, { store, path: 'p/', signal }));
    expect(back.length).toBe(artifact.plainBytes);
  });

  it('finds a flipped byte by the checksum of its frame, which is told as damage', async () => {
    const store = memoryObjectStore();
    const place = placeFor(store);
    const artifact = await storeArtifact(printing('seq 1 4000000'), place);
    const frame = await bytesOf(store, 'p/x.zst');
    frame[frame.length >> 1] = (frame[frame.length >> 1] ?? 0) ^ 1;
    await store.put('p/x.zst', frame);
    const reading = { store, path: 'p/', signal, zstd: place.zstd };
    const told = { code: 'ARTIFACT_ALTERED' };
    await expect(gather(readArtifact(artifact, reading))).rejects.toMatchObject(told);
    await expect(checkReadable(artifact, reading)).rejects.toMatchObject(told);
    // With checksums switched off the frame's own is left.
    const { bytes: storedBytes, sha256: storedSha256 } = measureOf(frame);
    const agreed = { ...artifact, storedBytes, storedSha256 };
    const unreadable = { code: 'ARTIFACT_UNREADABLE' };
    await expect(gather(readArtifact(agreed, reading))).rejects.toMatchObject(unreadable);
    await expect(checkReadable(agreed, reading)).rejects.toMatchObject(unreadable);
  });

  it('decompresses to nowhere where only the verdict counts, and its count is compared', async () => {
    const store = memoryObjectStore();
    const { start } = recorded();
    const place = placeFor(store, { start });
    const artifact = await storeArtifact(printing('seq 1 4000000'), place);
    const counts = { objects: 0, storedBytes: 0, plainBytes: 0 };
    const reading = { store, path: 'p/', signal, zstd: place.zstd, counts };
    await checkReadable(artifact, reading);
    const { storedBytes, plainBytes } = artifact;
    expect(counts).toEqual({ objects: 1, storedBytes, plainBytes });
    for (const wrong of [plainBytes - 1, plainBytes + 1]) {
      await expect(
        checkReadable({ ...artifact, plainBytes: wrong }, reading),
      ).rejects.toMatchObject({ code: 'ARTIFACT_UNREADABLE' });
    }
  });
});
