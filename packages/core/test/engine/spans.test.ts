import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel, type TracingChannelSubscribers } from 'node:diagnostics_channel';
import { describe, expect, it, onTestFinished } from 'vitest';
import { flow, runContext, secret, task } from '@holdfast/core';
import type { AttemptSpan, CommitSpan, RunSpan } from '@holdfast/core';
import { secretCanary } from '@holdfast/core/testing';
import { aborted, bench, expectNoUnhandledRejections, turns } from './support.ts';

expectNoUnhandledRejections();

type Spans = { run: RunSpan; attempt: AttemptSpan; commit: CommitSpan };

/** Listens to one kind of span until the test ends. */
function listen<K extends keyof Spans>(
  kind: K,
  listeners: Partial<TracingChannelSubscribers<Spans[K]>>,
): void {
  const channel = tracingChannel<unknown, Spans[K]>(`holdfast:${kind}`);
  const all = listeners as TracingChannelSubscribers<Spans[K]>;
  channel.subscribe(all);
  onTestFinished(() => {
    channel.unsubscribe(all);
  });
}

const flaky = task(
  async (n: number) => {
    if (runContext().attempt === 1) throw new Error('first');
    return n;
  },
  { name: 'flaky', retries: 1 },
);

describe('spans', () => {
  it('tell of each run, from its start to its outcome', async () => {
    const [begun, ended]: [RunSpan[], RunSpan[]] = [[], []];
    listen('run', {
      start: (span) => void begun.push({ ...span }),
      asyncEnd: (span) => void ended.push(span),
    });
    const bad = task(async () => Promise.reject(new Error('no')), { name: 'bad' });
    const f = flow(async () => [await flaky(1), (await bad.submit().outcome()).ok], { name: 'f' });
    const b = bench();
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await (await b.engine.start(f, [], { traceparent })).result();
    const [root] = await b.engine.runs({ topLevel: true });
    const [first] = await b.engine.below(root!.id);
    const about = { rootId: root!.id, generation: 1, recoveries: 0, traceparent };
    expect(begun).toHaveLength(3);
    expect(begun.slice(0, 2)).toEqual([
      { ...about, runId: root!.id, kind: 'flow', name: 'f' },
      { ...about, runId: first!.id, parentId: root!.id, kind: 'task', name: 'flaky' },
    ]);
    expect(ended.map(({ name, state, error }) => [name, state?.name, error?.message])).toEqual([
      ['flaky', 'Completed', undefined],
      ['bad', 'Failed', 'no'],
      ['f', 'Completed', undefined],
    ]);
  });

  it('tell of each attempt, within which its code runs', async () => {
    const spans = new AsyncLocalStorage<AttemptSpan>();
    const channel = tracingChannel<unknown, AttemptSpan>('holdfast:attempt');
    channel.start.bindStore(spans, (span) => span);
    onTestFinished(() => void channel.start.unbindStore(spans));
    const events: string[] = [];
    const note = (event: string) => (span: AttemptSpan) =>
      void events.push(`${event} ${span.name} ${span.attempt} ${span.end ?? ''}`.trim());
    listen('attempt', { start: note('start'), asyncEnd: note('end'), error: note('error') });
    const seen: (AttemptSpan | undefined)[] = [];
    const inner = task(
      async (n: number) => {
        await turns(1);
        seen.push(spans.getStore());
        if (runContext().attempt === 1) throw new Error('first');
        return n;
      },
      { name: 'inner', retries: 1 },
    );
    await bench().engine.run(flow(() => inner(1), { name: 'outer' }));
    expect(seen).toMatchObject([
      { name: 'inner', attempt: 1, end: 'threw' },
      { name: 'inner', attempt: 2, end: 'returned' },
    ]);
    expect(events).toEqual([
      'start outer 1',
      'start inner 1',
      'error inner 1 threw',
      'end inner 1 threw',
      'start inner 2',
      'end inner 2 returned',
      'end outer 1 returned',
    ]);
  });

  it('tell of timeouts and cancels as errors', async () => {
    const ends: unknown[] = [];
    listen('attempt', {
      error: ({ name, end, error }) =>
        void ends.push([name, end, (error as { code?: string }).code]),
    });
    const stuck = task(
      async () => {
        await aborted(runContext().signal);
        throw runContext().signal.reason;
      },
      { name: 'stuck', timeout: '1m' },
    );
    const f = flow(
      async () => {
        const first = stuck.submit();
        const second = stuck.with({ name: 'second' }).submit();
        await turns(2);
        second.cancel('enough');
        return [(await first.outcome()).ok, (await second.outcome()).ok];
      },
      { name: 'f' },
    );
    const b = bench();
    await b.clock.runUntil(b.engine.run(f));
    expect(ends).toEqual([
      ['second', 'aborted', 'CANCELLED'],
      ['stuck', 'timed-out', 'TIMED_OUT'],
    ]);
  });

  it('tell of each commit', async () => {
    const commits: CommitSpan[] = [];
    listen('commit', { asyncEnd: (span) => void commits.push(span) });
    const b = bench();
    await b.engine.run(flow(async () => flaky(1), { name: 'f' }));
    expect(commits[0]).toEqual({ adapter: 'memory', writes: 1, durability: 'machine' });
    expect(commits.length).toBeGreaterThan(4);
    expect(commits.some(({ durability }) => durability === 'process')).toBe(true);
  });

  it('tell of a commit that the store refused', async () => {
    const errors: unknown[] = [];
    listen('commit', { error: ({ error }) => void errors.push(error?.message) });
    const b = bench();
    await b.engine.runs();
    b.store.commit = async () => Promise.reject(new Error('no room'));
    await expect(b.engine.run(flow(async () => 1, { name: 'f' }))).rejects.toThrow('no room');
    expect(errors).toEqual(['no room']);
  });

  it('hold no secret', async () => {
    const canary = secretCanary();
    const spans: unknown[] = [];
    const listeners = { error: (span: object) => void spans.push(span) };
    listen('run', listeners);
    listen('attempt', listeners);
    const leak = task(
      async () => {
        const value = await runContext().secret(secret('vault:x'));
        throw new Error(`no login with ${value}`);
      },
      { name: 'leak' },
    );
    const b = bench({ secrets: { vault: async () => canary.value } });
    await b.engine.run(flow(async () => (await leak.submit().outcome()).ok, { name: 'f' }));
    expect(spans).toHaveLength(2);
    await canary.expectAbsent({ spans });
  });

  it('change nothing for what is listened to', async () => {
    const f = flow(async () => flaky.map([1, 2, 3]), { name: 'f' });
    const alone = bench();
    await alone.engine.run(f);
    for (const kind of ['run', 'attempt', 'commit'] as const) {
      listen(kind, { start: () => undefined, asyncEnd: () => undefined });
    }
    const watched = bench();
    expect(await watched.engine.run(f)).toEqual([1, 2, 3]);
    // Which of three tasks at once comes first is up to the machine.
    expect(watched.told.toSorted()).toEqual(alone.told.toSorted());
  });
});
