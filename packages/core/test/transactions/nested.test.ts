import { describe, expect, it } from 'vitest';
import { flow, group, task, transaction, type TransactionOptions } from '@holdfast/core';
import { bench, expectNoUnhandledRejections } from '../engine/support.ts';
import { codeOf, Diary, marks } from './support.ts';

expectNoUnhandledRejections();

describe('transactions within others', () => {
  const nested = (d: Diary, inner: TransactionOptions, fails: boolean) =>
    flow(
      async () => {
        await transaction(
          async () => {
            await d.step('a');
            await transaction(async () => d.step('b'), { name: 'one', ...inner });
            await transaction(async () => d.step('c'), { name: 'two', ...inner });
            await d.step('d');
            if (fails) await d.fail('no');
          },
          { name: 'outer' },
        ).catch(() => undefined);
        return d.lines;
      },
      { name: 'f' },
    );

  it.each<[string, TransactionOptions, string[], string[]]>([
    [
      'commit with the outermost, before what it has done itself',
      {},
      ['do a', 'do b', 'do c', 'do d', 'commit b', 'commit c', 'commit a', 'commit d'],
      ['do a', 'do b', 'do c', 'do d', 'undo d', 'undo a', 'undo c', 'undo b'],
    ],
    [
      'commit at their own end where they are eager, and stay',
      { commit: 'eager' },
      ['do a', 'do b', 'commit b', 'do c', 'commit c', 'do d', 'commit a', 'commit d'],
      ['do a', 'do b', 'commit b', 'do c', 'commit c', 'do d', 'undo d', 'undo a'],
    ],
    [
      'are none where they are off',
      { commit: 'off' },
      ['do a', 'do b', 'do c', 'do d', 'commit a', 'commit d'],
      ['do a', 'do b', 'do c', 'do d', 'undo d', 'undo a'],
    ],
  ])('%s', async (_, inner, well, badly) => {
    const d = new Diary();
    const b = bench();
    expect(await b.engine.run(nested(d, inner, false))).toEqual(well);
    d.clear();
    expect(await b.engine.run(nested(d, inner, true))).toEqual(badly);
    expect(await b.store.pendingHooks()).toEqual([]);
  });

  it('that fail are rolled back by themselves: the outer one may go on', async () => {
    const d = new Diary();
    const f = flow(
      async () =>
        transaction(async () => {
          await d.step('a');
          const inner = transaction(
            async () => {
              await d.step('b');
              await d.fail('no');
            },
            { name: 'inner' },
          );
          return inner.catch(codeOf);
        }),
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    expect(await handle.result()).toBe('E_NO');
    expect(d.lines).toEqual(['do a', 'do b', 'undo b', 'commit a']);
    expect(await marks(b, handle.id)).toEqual(['step COMPLETED', '-step COMPLETED', 'fail FAILED']);
  });

  it('take in what subflows and tasks call, also in transactions of their own', async () => {
    const d = new Diary();
    const outerTask = task(async () => d.step('in a task'), { name: 'outerTask' });
    const inner = flow(
      async () => {
        await d.step('in a flow');
        return transaction(async () => d.step('in its transaction'));
      },
      { name: 'inner', onRollback: () => void d.lines.push('undo the flow') },
    );
    const f = flow(
      async (fails: boolean) =>
        transaction(async () => {
          await outerTask();
          await inner();
          if (fails) throw new Error('no');
        }).catch(() => undefined),
      { name: 'f' },
    );
    const b = bench();
    await b.engine.run(f, [false]);
    expect(d.of('commit')).toEqual([
      'commit in its transaction',
      'commit in a task',
      'commit in a flow',
    ]);
    d.clear();
    const handle = await b.engine.start(f, [true]);
    await handle.result();
    expect(d.of('undo')).toEqual([
      'undo the flow',
      'undo in a flow',
      'undo in a task',
      'undo in its transaction',
    ]);
    expect(await marks(b, handle.id)).toEqual([
      '-outerTask COMPLETED',
      '-step COMPLETED',
      '-inner COMPLETED',
      '-step COMPLETED',
      '-step COMPLETED',
    ]);
  });

  it('side by side are decided each by itself', async () => {
    const d = new Diary();
    const one = async (name: string, fails: boolean) =>
      transaction(
        async () => {
          await d.step(name);
          if (fails) await d.fail(name);
        },
        { name },
      );
    const f = flow(async () => Promise.allSettled([one('a', false), one('b', true)]), {
      name: 'f',
    });
    await bench().engine.run(f);
    expect(d.of('commit', 'undo').toSorted()).toEqual(['commit a', 'undo b']);
  });

  it('may stand in groups, and groups in them', async () => {
    const d = new Diary();
    const f = flow(
      async () =>
        transaction(async () => {
          await group('g', { concurrency: 1 }, async () => {
            await transaction(async () => d.step('b'), { name: 'inner' });
            return d.step('a');
          });
          await d.fail('no');
        }).catch(codeOf),
      { name: 'f' },
    );
    expect(await bench().engine.run(f)).toBe('E_NO');
    expect(d.lines).toEqual(['do b', 'do a', 'undo a', 'undo b']);
  });
});
