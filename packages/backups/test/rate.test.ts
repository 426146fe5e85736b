import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  createEngine,
  flow,
  memoryObjectStore,
  memoryRunStore,
  type ObjectStore,
} from '@holdfast/core';
import { TestClock } from '@holdfast/core/testing';
import { createBackup, dumpSource, fileTree, nightlyBackup } from '@holdfast/backups';
import { Rate } from '../src/pipeline/rate.ts';
import { overriding } from './support/overriding.ts';
import { testRooms } from './support/rooms.ts';

const rooms = testRooms();
const { signal } = new AbortController();

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield await Promise.resolve(bytes);
}

describe('a rate', () => {
  it('lets no more pass than it says, in all streams together, and loses nothing', async () => {
    const clock = new TestClock();
    const rate = new Rate(4000, clock);
    const bytes = randomBytes(9500);
    const passed: { at: number; chunk: Uint8Array }[] = [];
    const start = clock.now();
    const reading = (async () => {
      for (const part of [bytes.subarray(0, 5000), bytes.subarray(5000)]) {
        for await (const chunk of rate.through(once(part), signal)) {
          passed.push({ at: clock.now() - start, chunk });
        }
      }
    })();
    let done = false;
    void reading.then(() => {
      done = true;
    });
    while (!done) await clock.advance(50);
    await reading;
    expect(Buffer.concat(passed.map(({ chunk }) => chunk)).equals(bytes)).toBe(true);
    let sum = 0;
    for (const { at, chunk } of passed) {
      // What passes at a moment is what had its time before, and one stroke.
      expect(sum).toBeLessThanOrEqual((at * 4000) / 1000);
      expect(chunk.length).toBeLessThanOrEqual(1024);
      sum += chunk.length;
    }
    expect(passed.at(-1)?.at).toBeLessThan(2600);
  });

  it('is not waited for once the work is given up', async () => {
    const abort = new AbortController();
    const rate = new Rate(1, new TestClock());
    const reason = new Error('enough');
    const reading = (async () => {
      for await (const chunk of rate.through(once(randomBytes(4096)), abort.signal)) {
        if (chunk.length > 0) abort.abort(reason);
      }
    })();
    await expect(reading).rejects.toBe(reason);
  });

  it.each([0, -1, Number.NaN, Infinity, '5' as unknown as number])('is not %s', (bandwidth) => {
    expect(() => new Rate(bandwidth)).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID' }));
  });

  it('slows what a backup stores, also as an option of the dump tasks', async () => {
    const path = join(rooms.root, 'site');
    await mkdir(path);
    await writeFile(join(path, 'a.bin'), randomBytes(300_000));
    const source = fileTree({ name: 'site', path });
    const sizes: number[] = [];
    const whole = memoryObjectStore();
    const put: ObjectStore['put'] = (key, body, options) => {
      async function* seen(): AsyncGenerator<Uint8Array, void, void> {
        for await (const chunk of body as AsyncIterable<Uint8Array>) {
          sizes.push(chunk.length);
          yield chunk;
        }
      }
      return whole.put(key, body instanceof Uint8Array ? body : seen(), options);
    };
    const store = overriding(whole, { put });
    const { scratchRoot } = rooms;
    const bandwidth = 400_000;
    await createBackup({ source, store, storeName: 'primary', scratchRoot, bandwidth });
    expect(Math.max(...sizes)).toBe(100_000);
    sizes.length = 0;
    const engine = createEngine({ store: memoryRunStore(), resources: { primary: store } });
    const night = flow(() => dumpSource({ source, store: 'primary', scratchRoot, bandwidth }), {
      name: 'night',
    });
    await engine.run(night);
    expect(Math.max(...sizes)).toBe(100_000);
    sizes.length = 0;
    const stores = { primary: 'primary' };
    await engine.run(nightlyBackup({ sources: [source], stores, scratchRoot, bandwidth }));
    await engine.stop();
    expect(Math.max(...sizes)).toBe(100_000);
  });
});
