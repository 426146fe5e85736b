import { faultyLine, TestClock } from '@holdfast/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bodyOf, stuckBody } from '../bodies.ts';
import { ScriptedS3 } from './scripted-s3.ts';

const MIB = 1024 * 1024;
const INCOMPLETE = { problem: 'incomplete', retryable: true };

describe('a service that has less than was sent', () => {
  it('is not believed, and what it has is taken away', async () => {
    const { server, store } = await ScriptedS3.start();
    server.script = ({ kind }) => (kind.startsWith('PUT') ? { keepBytes: 5 } : undefined);
    for (const bytes of [10, 7 * MIB]) {
      await expect(store().put('a', bodyOf(bytes))).rejects.toMatchObject(INCOMPLETE);
      expect(server.objects.size).toBe(0);
    }
  });

  it('is not believed when it has nothing', async () => {
    const { server, store } = await ScriptedS3.start();
    server.script = ({ kind, key }) => {
      if (kind === 'HEAD') server.objects.delete(key);
      return undefined;
    };
    await expect(store().put('a', bodyOf(10))).rejects.toMatchObject(INCOMPLETE);
  });

  it('is not suspected when another write has replaced the object', async () => {
    const { server, store } = await ScriptedS3.start();
    const theirs = { body: Buffer.from('longer than ours'), meta: {}, lock: undefined };
    server.script = ({ kind, key }) => {
      const meta = { 'x-amz-meta-holdfast-write': 'theirs' };
      if (kind === 'HEAD') server.objects.set(key, { ...theirs, meta });
      return undefined;
    };
    expect(await store().put('a', bodyOf(10))).toMatchObject({ key: 'a', bytes: 10 });
    expect(server.objects.get('a')?.body).toBe(theirs.body);
  });
});

describe('a service that gives less than it says', () => {
  it('does not end a read early', async () => {
    const { server, store } = await ScriptedS3.start();
    await store().put('a', bodyOf(3 * MIB));
    server.script = ({ kind }) =>
      kind === 'GET' ? { headers: { 'content-length': String(4 * MIB) } } : undefined;
    const clock = new TestClock();
    const chunks = store({ idleTimeout: '90s', clock }).get('a')[Symbol.asyncIterator]();
    for (let read = 0; read < 3 * MIB;) read += (await chunks.next()).value!.byteLength;
    const rest = clock.runUntil(chunks.next());
    await expect(rest).rejects.toMatchObject({ problem: 'unavailable' });
  });

  it('is not asked for a part of an object when it gives the whole', async () => {
    const { store } = await ScriptedS3.start();
    await store().put('a', bodyOf(1000));
    const reading = async (): Promise<void> => {
      for await (const chunk of store().get('a', { start: 10, end: 20 })) {
        expect(chunk.byteLength).toBe(10);
      }
    };
    await expect(reading()).rejects.toMatchObject({ problem: 'invalid' });
  });
});

describe('a part that fails', () => {
  it('ends the write at once, also while the body keeps it waiting, and aborts the upload', async () => {
    const { server, store } = await ScriptedS3.start();
    const { body, closed } = stuckBody(12 * MIB);
    server.script = ({ kind, query }) =>
      kind === 'PUT ?partNumber' && query.get('partNumber') === '2'
        ? { status: 503, code: 'SlowDown' }
        : undefined;
    await expect(store().put('a', body)).rejects.toMatchObject({
      problem: 'unavailable',
      message: expect.stringContaining("part 2 of 'a'"),
    });
    expect(server.uploads.size).toBe(0);
    expect(server.objects.size).toBe(0);
    await closed;
  });

  it('is made again by the SDK as often as it is told', async () => {
    const { server, store } = await ScriptedS3.start();
    let left = 1;
    server.script = ({ kind }) =>
      kind === 'PUT ?partNumber' && left-- > 0 ? { status: 503, code: 'SlowDown' } : undefined;
    await store().put('a', bodyOf(7 * MIB));
    left = 1;
    const once = store({ attempts: 1 });
    await expect(once.put('b', bodyOf(7 * MIB))).rejects.toMatchObject({ problem: 'unavailable' });
  });

  it('is one without an ETag, which its completion needs', async () => {
    const { server, store } = await ScriptedS3.start();
    server.script = ({ kind }) => (kind === 'PUT ?partNumber' ? 'no-etag' : undefined);
    await expect(store().put('a', bodyOf(7 * MIB))).rejects.toMatchObject({
      problem: 'invalid',
      message: expect.stringContaining('no ETag'),
    });
    expect(server.uploads.size).toBe(0);
  });
});

describe('parts under way', () => {
  it('are no more than were allowed, and so is what was taken from the body', async () => {
    const { server, store } = await ScriptedS3.start();
    let atOnce = 0;
    let most = 0;
    let given = 0;
    const held: (() => void)[] = [];
    server.script = async ({ kind }) => {
      if (kind !== 'PUT ?partNumber') return undefined;
      most = Math.max(most, ++atOnce);
      await new Promise<void>((resolve) => held.push(resolve));
      atOnce--;
      return undefined;
    };
    const body = bodyOf(40 * MIB, (bytes) => (given = bytes));
    const put = store({ concurrency: 2 }).put('a', body);
    const done = put.then(() => true);
    while (
      !(await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 20, false))]))
    ) {
      if (most < 2) continue;
      // Two parts are under way, one is gathered, and one chunk may be waiting.
      const taken = 5 * MIB * (finished(server, atOnce) + 3) + MIB;
      expect(given).toBeLessThanOrEqual(taken);
      held.splice(0).forEach((resolve) => resolve());
    }
    expect(most).toBe(2);
    expect(server.objects.get('a')?.body.byteLength).toBe(40 * MIB);
  });
});

/** How many parts the server has done with. */
function finished(server: ScriptedS3, atOnce: number): number {
  return server.kinds('a').filter((kind) => kind === 'PUT ?partNumber').length - atOnce;
}

describe('a service that says nothing', () => {
  it('is waited for no longer than idleTimeout, in every call', async () => {
    const { endpoint, store } = await ScriptedS3.start();
    await store().put('a', bodyOf(3 * MIB));
    const { port } = new URL(endpoint);
    const line = await faultyLine({ host: '127.0.0.1', port: Number(port) });
    onTestFinished(() => line.close());
    const clock = new TestClock();
    const byLine = { endpoint: `http://127.0.0.1:${line.port}`, attempts: 1 };
    const impatient = store({ ...byLine, idleTimeout: '200ms', clock });
    const stream = impatient.get('a')[Symbol.asyncIterator]();
    await stream.next();
    line.stall();
    const unavailable = { problem: 'unavailable' };
    await expect(clock.runUntil(drain(stream))).rejects.toMatchObject(unavailable);
    // These the SDK bounds, by the time of the system.
    await expect(impatient.head('a')).rejects.toMatchObject(unavailable);
    await expect(impatient.put('b', bodyOf(10))).rejects.toMatchObject(unavailable);
    line.mend();
    expect(await store(byLine).head('a')).toBeDefined();
  });

  it('is not what a slow reader makes of it', async () => {
    const { store } = await ScriptedS3.start();
    await store().put('a', bodyOf(20 * MIB));
    const clock = new TestClock();
    let read = 0;
    for await (const chunk of store({ idleTimeout: '90s', clock }).get('a')) {
      if (read === 0) await clock.advance(3_600_000);
      read += chunk.byteLength;
    }
    expect(read).toBe(20 * MIB);
  });
});

async function drain(chunks: AsyncIterator<Uint8Array>): Promise<void> {
  while ((await chunks.next()).done !== true);
}
