import { TestClock } from '@holdfast/core/testing';
import { describe, expect, it, vi } from 'vitest';
import { bodyOf, stuckBody, untouchable } from '../bodies.ts';
import { all, textOf } from '../streams.ts';
import { MIB, scriptedContainer, testContainer, useAzurite } from './azurite.ts';
import type { ScriptedProxy, Twist } from './scripted-proxy.ts';

vi.setConfig({ testTimeout: 60_000 });
useAzurite();

const ABSENT = { ifAbsent: true } as const;
const LARGE = 2.5 * MIB;
const SIZES = [
  ['one request', 10, 'PUT'],
  ['blocks', LARGE, 'PUT blocklist'],
] as const;

function twist(proxy: ScriptedProxy, kind: string, what: Twist, times = 1): void {
  let left = times;
  proxy.script = (request) => (request.kind === kind && left-- > 0 ? what : undefined);
}

describe.each(SIZES)('a write in %s', (_, bytes, publishing) => {
  it('with ifAbsent asks the service for it by the request that publishes, and only then', async () => {
    const { proxy, store } = await scriptedContainer();
    await store().put('a', bodyOf(bytes), ABSENT);
    await store().put('b', bodyOf(bytes));
    const conditions = proxy.seen
      .filter(({ headers }) => headers['if-none-match'] !== undefined)
      .map(({ kind, path }) => `${kind} ${path.split('/').at(-1)}`);
    expect(conditions).toEqual([`${publishing} a`]);
    const again = store().put('a', untouchable, ABSENT);
    await expect(again).rejects.toMatchObject({ problem: 'exists' });
  });

  it('with ifAbsent loses against another that comes first', async () => {
    const { container, proxy, store } = await scriptedContainer();
    proxy.script = async ({ kind }) => {
      if (kind === publishing) await container.client.getBlockBlobClient('a').upload('theirs', 6);
      return undefined;
    };
    const put = store().put('a', bodyOf(bytes), ABSENT);
    await expect(put).rejects.toMatchObject({ problem: 'exists' });
    expect(await textOf(container.store(), 'a')).toBe('theirs');
  });

  it('is done when its answer was lost, also when it is repeated', async () => {
    const { proxy, store } = await scriptedContainer();
    for (const [key, times] of [
      ['once', 1],
      ['always', 9],
    ] as const) {
      twist(proxy, publishing, 'lost-answer', times);
      expect(await store().put(key, bodyOf(bytes), ABSENT)).toMatchObject({ key, bytes });
    }
  });

  it('is not believed when the service has another size', async () => {
    const { container, proxy, store } = await scriptedContainer();
    twist(proxy, 'HEAD', { headers: { 'content-length': '7' } });
    const incomplete = { problem: 'incomplete', retryable: true };
    await expect(store().put('a', bodyOf(bytes))).rejects.toMatchObject(incomplete);
    expect(await container.store().head('a')).toBeUndefined();
  });

  it('fails as the service says', async () => {
    const { proxy, store } = await scriptedContainer();
    const problems = [
      [503, 'ServerBusy', 'unavailable'],
      [403, 'AuthorizationFailure', 'denied'],
      [409, 'BlobImmutableDueToPolicy', 'denied'],
      [412, 'LeaseIdMissing', 'denied'],
      [400, 'Md5Mismatch', 'incomplete'],
      [400, 'InvalidBlockList', 'unavailable'],
      [409, 'InvalidBlobType', 'invalid'],
      [400, 'InvalidHeaderValue', 'invalid'],
      [507, 'Full', 'full'],
    ] as const;
    for (const [status, code, problem] of problems) {
      twist(proxy, publishing, { status, code }, 9);
      const put = store({ attempts: 1 }).put('a', bodyOf(bytes));
      await expect(put).rejects.toMatchObject({ problem, context: { status, code } });
    }
  });
});

describe('a block that fails', () => {
  it('ends the write at once, also while the body keeps it waiting', async () => {
    const { proxy, store, container } = await scriptedContainer();
    twist(proxy, 'PUT block', { status: 503, code: 'ServerBusy' }, 99);
    const { body, closed } = stuckBody(2 * MIB);
    const put = store({ attempts: 1 }).put('a', body);
    await expect(put).rejects.toMatchObject({ problem: 'unavailable' });
    await closed;
    expect(await all(container.store().list(''))).toEqual([]);
  });

  it('is made again as often as the SDK is told', async () => {
    const { proxy, store } = await scriptedContainer();
    twist(proxy, 'PUT block', { status: 503, code: 'ServerBusy' });
    await store().put('a', bodyOf(LARGE));
    twist(proxy, 'PUT block', { status: 503, code: 'ServerBusy' });
    const once = store({ attempts: 1 }).put('b', bodyOf(LARGE));
    await expect(once).rejects.toMatchObject({ problem: 'unavailable' });
  });

  it('is one that arrives damaged: the service is told the MD5 of each', async () => {
    const { proxy, store } = await scriptedContainer();
    await store().put('a', bodyOf(LARGE));
    const blocks = proxy.seen.filter(({ kind }) => kind === 'PUT block');
    expect(blocks.map(({ headers }) => typeof headers['content-md5'])).toEqual([
      'string',
      'string',
      'string',
    ]);
  });

  it('stands beside no more others than are allowed', async () => {
    const { proxy, store } = await scriptedContainer();
    let atOnce = 0;
    let most = 0;
    const { promise: two, resolve: areTwo } = Promise.withResolvers<void>();
    proxy.script = async ({ kind }) => {
      if (kind !== 'PUT block') return undefined;
      most = Math.max(most, ++atOnce);
      if (atOnce === 2) areTwo();
      await two;
      // Where a third is coming, it comes meanwhile.
      await new Promise((resolve) => setTimeout(resolve, 30));
      atOnce--;
      return undefined;
    };
    await store({ concurrency: 2 }).put('a', bodyOf(8 * MIB));
    expect(most).toBe(2);
  });
});

describe('a listing', () => {
  it('asks for as many objects at once as it is told', async () => {
    const { proxy, store } = await scriptedContainer();
    for (const pageKeys of [7, 5000]) await all(store({ pageKeys }).list(''));
    expect(proxy.seen.map(({ query }) => query.get('maxresults'))).toEqual(['7', '5000']);
  });
});

describe('a read that is given up', () => {
  it.each(['left', 'aborted'])('gives its connection back when it is %s', async (how) => {
    const container = await testContainer();
    const store = container.store();
    await store.put('a', bodyOf(20 * MIB));
    const before = container.line.connections;
    for (let turn = 0; turn < 5; turn++) {
      const controller = new AbortController();
      const chunks = store.get('a', { signal: controller.signal })[Symbol.asyncIterator]();
      await chunks.next();
      if (how === 'left') await chunks.return!();
      // Nobody reads on.
      else controller.abort(new Error('cancelled'));
    }
    await vi.waitFor(() => expect(container.line.connections).toBeLessThanOrEqual(before), 10_000);
  });
});

describe('a service that says nothing', () => {
  it('is waited for no longer than idleTimeout, in every call', async () => {
    const container = await testContainer();
    const clock = new TestClock();
    const store = container.store({ idleTimeout: '90s', clock, attempts: 1 });
    await container.store().put('a', bodyOf(20 * MIB));
    const stream = store.get('a')[Symbol.asyncIterator]();
    await stream.next();
    container.line.stall();
    const unavailable = { problem: 'unavailable', message: expect.stringContaining('90000 ms') };
    const isUnavailable = (call: Promise<unknown>): Promise<void> =>
      expect(clock.runUntil(call)).rejects.toMatchObject(unavailable);
    const draining = async (): Promise<void> => {
      while ((await stream.next()).done !== true);
    };
    await isUnavailable(draining());
    await isUnavailable(store.head('a'));
    await isUnavailable(store.put('b', bodyOf(10)));
    await isUnavailable(store.put('b', bodyOf(LARGE)));
    await isUnavailable(store.delete('x'));
    await isUnavailable(all(store.list('')));
    container.line.mend();
    expect(await store.head('a')).toBeDefined();
  });

  it('is not what a slow reader makes of it', async () => {
    const container = await testContainer();
    await container.store().put('a', bodyOf(20 * MIB));
    const clock = new TestClock();
    let read = 0;
    for await (const chunk of container.store({ idleTimeout: '90s', clock }).get('a')) {
      if (read === 0) await clock.advance(3_600_000);
      read += chunk.byteLength;
    }
    expect(read).toBe(20 * MIB);
  });
});
