import { describe, expect, it } from 'vitest';
import { flow, group, quote, runContext, task } from '@holdfast/core';
import { crashAtEveryStep } from '@holdfast/core/testing';
import { bench, expectNoUnhandledRejections, gate, statesBelow, turns } from './support.ts';
import { workers } from './workers.ts';

expectNoUnhandledRejections();

const ok = task(async (n: number) => n, { name: 'ok' });
const bad = task(
  async (text: string): Promise<number> => {
    throw new Error(text);
  },
  { name: 'bad' },
);

describe('a group ends only when all that was called in it has', () => {
  it('waits for what its code did not await, and gives futures that it returned resolved', async () => {
    const w = workers();
    const order: string[] = [];
    const f = flow(
      async () => {
        const result = await group('g', {}, async () => {
          void w.work.submit('ignored');
          return { one: ok.submit(1), list: ok.map([1, 2]), data: 'x' };
        });
        order.push('group ended');
        return result;
      },
      { name: 'f' },
    );
    const handle = await bench().engine.start(f, []);
    await turns();
    expect(order).toEqual([]);
    await w.end('ignored');
    expect(await handle.result()).toEqual({ one: 1, list: [1, 2], data: 'x' });
  });

  it('cancels what it has called when its code throws, and nothing else', async () => {
    const w = workers();
    const f = flow(
      async () => {
        const outside = w.work.submit('outside');
        const caught = await group('g', { concurrency: 2 }, async () => {
          void w.work.submit('inside');
          void w.work.submit('inside too');
          void w.work.submit('waiting');
          await turns();
          throw new Error('the code');
        }).catch((error: unknown) => (error as Error).message);
        return [caught, await outside];
      },
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    await turns(40);
    expect(w.under).toEqual(['outside']);
    await w.end('outside');
    expect(await handle.result()).toEqual(['the code', 'outside']);
    expect((await statesBelow(b, handle.id)).toSorted()).toEqual([
      'work CANCELLED/Cancelled',
      'work CANCELLED/Cancelled',
      'work CANCELLED/Cancelled',
      'work COMPLETED/Completed',
    ]);
  });

  it('is told of failures that nobody in it looked at, and the flow is not', async () => {
    const f = flow(
      async () => {
        const error: unknown = await group('g', {}, async () => {
          void bad.submit('first');
          void bad.map(['second']);
        }).catch((e: unknown) => e);
        return [(error as { code: string }).code, (error as Error).message];
      },
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    expect(await handle.result()).toEqual([
      'UNOBSERVED_FAILURE',
      "'group g' returned, but tasks it had submitted failed: bad, bad.",
    ]);
    expect(await handle.state()).toMatchObject({ failedTasks: 2 });
  });

  it('fails the flow when nobody looked at its own failure, and is waited for', async () => {
    const w = workers();
    const f = flow(
      async () => {
        void group('g', {}, async () => {
          await w.work('slow');
          throw new Error('late');
        });
      },
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    await turns();
    expect(await handle.state()).toMatchObject({ type: 'RUNNING' });
    await w.end('slow');
    expect(await handle.outcome()).toMatchObject({
      ok: false,
      error: { code: 'UNOBSERVED_FAILURE', cause: { message: 'late' } },
    });
  });

  it('gives an outcome to who looks at a failure in it', async () => {
    const f = flow(
      () =>
        group('g', {}, async () => {
          const outcomes = await bad.map(['a', 'b']).outcomes();
          return outcomes.map(({ state }) => state);
        }),
      { name: 'f' },
    );
    expect(await bench().engine.run(f)).toEqual(['FAILED', 'FAILED']);
  });

  it('lets nothing start in it once it has ended', async () => {
    const g = gate();
    const f = flow(
      async () => {
        let late: Promise<unknown> = Promise.resolve();
        await group('g', {}, async () => {
          late = g.opened.then(() => ok(1));
        });
        g.open();
        return late.catch((error: unknown) => (error as { code: string }).code);
      },
      { name: 'f' },
    );
    expect(await bench().engine.run(f)).toBe('RUN_ENDED');
  });

  it('is no failure of its own when the flow fails beside it', async () => {
    const w = workers();
    const f = flow(
      async () => {
        void group('g', {}, () => w.work('inside'));
        await turns();
        throw new Error('the flow itself');
      },
      { name: 'f' },
    );
    await expect(bench().engine.run(f)).rejects.toThrow(/^the flow itself$/);
  });

  it('is no work by itself: a flow that sleeps in it is paused, unless something is under way', async () => {
    const w = workers();
    const f = flow(
      () =>
        group('g', {}, async () => {
          await runContext().sleep('1h');
          const working = w.work.submit('beside');
          await runContext().sleep('1h');
          return working;
        }),
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    await turns();
    expect(await handle.state()).toMatchObject({ type: 'PAUSED', name: 'Sleeping' });
    await b.clock.advance(3_600_000);
    expect(await handle.state()).toMatchObject({ type: 'RUNNING' });
    await w.end('beside');
    expect(await handle.state()).toMatchObject({ type: 'PAUSED', name: 'Sleeping' });
    await b.clock.advance(3_600_000);
    expect(await handle.result()).toBe('beside');
  });

  it('is not waited for when its code does not heed that the flow was told to stop', async () => {
    const f = flow(() => group('deaf', {}, () => new Promise<never>(() => undefined)), {
      name: 'f',
      grace: '1s',
    });
    const b = bench();
    const handle = await b.engine.start(f, []);
    await turns();
    void handle.cancel('enough');
    expect(await b.clock.runUntil(handle.outcome())).toMatchObject({ state: 'CANCELLED' });
  });

  it('takes what it has called along when its flow times out', async () => {
    const w = workers();
    const f = flow(() => group('g', { concurrency: 1 }, () => w.work.map(['a', 'b'])), {
      name: 'f',
      timeout: '1m',
    });
    const b = bench();
    const handle = await b.engine.start(f, []);
    expect(await b.clock.runUntil(handle.outcome())).toMatchObject({ state: 'FAILED' });
    expect(await statesBelow(b, handle.id)).toEqual(['work CANCELLED/Cancelled']);
  });
});

describe('a group is refused', () => {
  const refused: [string, () => unknown, string][] = [
    ['without a name', () => group('', {}, () => 1), 'a text'],
    ['with a number for a name', () => group(5 as never, {}, () => 1), 'a text'],
    ['without options', () => group('g', undefined as never, () => 1), 'an object'],
    ['with a list for options', () => group('g', [] as never, () => 1), 'an object'],
    ['with an unknown option', () => group('g', { limit: 1 } as never, () => 1), "'limit'"],
    ['with no place at all', () => group('g', { concurrency: 0 }, () => 1), 'at least 1'],
    ['with half a place', () => group('g', { concurrency: 1.5 }, () => 1), 'at least 1'],
    ['with a text for a number', () => group('g', { concurrency: '2' as never }, () => 1), '"2"'],
    ['with a bigint', () => group('g', { concurrency: 2n as never }, () => 1), '2n'],
    ['without code', () => group('g', {}, undefined as never), 'a function'],
  ];
  it.each(refused)('%s', (_what, open, message) => {
    expect(open).toThrow(
      expect.objectContaining({
        code: 'OPTIONS_INVALID',
        message: expect.stringContaining(message),
      }),
    );
  });

  it('outside of a flow', () => {
    expect(() => group('g', {}, () => 1)).toThrow(expect.objectContaining({ code: 'NO_RUN' }));
  });
});

it('a group survives its process at every step', async () => {
  const f = flow(
    async () => {
      const result = await group('outer', { concurrency: 2 }, async () => {
        const ones = ok.map([1, 2, 3, 4]);
        const inner = group('inner', { concurrency: 1 }, () => ok.map(ones));
        const failed = await bad.submit('no').outcome();
        return { ones, inner: await inner, failed: failed.state, quoted: ok.submit(quote(5)) };
      });
      return { result, after: await ok(9) };
    },
    { name: 'f' },
  );
  const report = await crashAtEveryStep(f);
  expect(report.result).toEqual({
    result: { ones: [1, 2, 3, 4], inner: [1, 2, 3, 4], failed: 'FAILED', quoted: 5 },
    after: 9,
  });
}, 60_000);

it('a group that outlives its flow starts nothing more', async () => {
  const late = gate();
  let code = '';
  const f = flow(
    async () => {
      void group('g', {}, async () => {
        await late.opened;
        await ok(1).catch((error: unknown) => (code = (error as { code: string }).code));
      }).catch(() => undefined);
      throw new Error('over');
    },
    { name: 'f', grace: '1s' },
  );
  const b = bench();
  const handle = await b.engine.start(f, []);
  await turns();
  late.open();
  await b.clock.runUntil(handle.outcome());
  expect(code).toBe('RUN_ENDED');
  expect(await b.engine.below(handle.id)).toEqual([]);
});
