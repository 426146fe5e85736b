import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createScrubber } from '../../src/secret/scrubber.ts';
import type { Scrubber } from '../../src/secret/scrubber.ts';
import { scrubStream } from '../../src/secret/scrub-stream.ts';

function scrubberOf(...values: string[]): Scrubber {
  const scrubber = createScrubber();
  for (const value of values) scrubber.add(value);
  return scrubber;
}

async function through(scrubber: Scrubber, chunks: Iterable<Uint8Array | string>): Promise<Buffer> {
  const out: Buffer[] = [];
  for await (const chunk of Readable.from(chunks).pipe(scrubStream(scrubber)))
    out.push(chunk as Buffer);
  return Buffer.concat(out);
}

function* pieces(bytes: Buffer, length: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

describe('a stream that is scrubbed', () => {
  const values = ['hunter2', 'pässwörd', 'abcdef', 'defghi', 'aaaa'];
  const text = [
    'start hunter2 hunter2hunter2 pässwörd abcdefghi aaaaaaaaaaa hunter',
    Buffer.from('me:hunter2').toString('base64'),
    encodeURIComponent('pässwörd'),
    'abcde defgh hunter2',
  ].join('\n');

  test.each([1, 2, 3, 5, 7, 8, 13, 64, 1_000])(
    'in chunks of %d bytes, is as the whole text scrubbed',
    async (length) => {
      const scrubber = scrubberOf(...values);
      const out = await through(scrubber, pieces(Buffer.from(text), length));
      expect(out.toString()).toBe(scrubber.scrub(text));
      expect(out.toString()).not.toContain('hunter2');
    },
  );

  test('passes other bytes unchanged', async () => {
    const bytes = randomBytes(300_000);
    expect((await through(scrubberOf('hunter2'), pieces(bytes, 70_001))).equals(bytes)).toBe(true);
    expect((await through(createScrubber(), pieces(bytes, 70_001))).equals(bytes)).toBe(true);
  });

  test('keeps no more than it must', async () => {
    const stream = scrubStream(scrubberOf('hunter2'));
    const { longest } = scrubberOf('hunter2').needles;
    stream.write(Buffer.alloc(1_000, 'x'));
    expect((stream.read() as Buffer).length).toBe(1_000 - longest + 1);
    stream.destroy();
  });

  test('does not fill up on a secret that never ends', async () => {
    const stream = scrubStream(scrubberOf('aaaa'));
    for (let i = 0; i < 100; i += 1) stream.write(Buffer.alloc(10_000, 'a'));
    stream.end(' end');
    const out: Buffer[] = [];
    for await (const chunk of stream) out.push(chunk as Buffer);
    expect(Buffer.concat(out).toString()).toBe('[secret] end');
  });

  test('heeds a value that is registered while it runs', async () => {
    const scrubber = scrubberOf('first-value');
    async function* chunks(): AsyncGenerator<string> {
      yield 'first-value second-value, ';
      await Promise.resolve();
      scrubber.add('second-value');
      yield 'first-value second-value';
    }
    const out: string[] = [];
    for await (const chunk of Readable.from(chunks()).pipe(scrubStream(scrubber)))
      out.push(String(chunk));
    expect(out.join('')).toMatch(/, \[secret\] \[secret\]$/);
  });

  test('takes strings, and nothing at all', async () => {
    expect((await through(scrubberOf('hunter2'), ['hun', 'ter2'])).toString()).toBe('[secret]');
    expect(await through(scrubberOf('hunter2'), [])).toHaveLength(0);
  });
});
