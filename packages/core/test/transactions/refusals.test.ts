import { describe, expect, it } from 'vitest';
import { flow, transaction } from '@holdfast/core';
import { bench, expectNoUnhandledRejections, gate } from '../engine/support.ts';
import { codeOf, Diary, marks } from './support.ts';

expectNoUnhandledRejections();

describe('what a transaction refuses', () => {
  const inFlow = async (code: () => unknown): Promise<unknown> =>
    bench()
      .engine.run(flow(async () => void (await code()), { name: 'f' }))
      .catch((error: unknown) => error);

  it.each<[string, unknown[], string]>([
    ['no function', ['x'], 'OPTIONS_INVALID'],
    ['options before the code', [{ name: 'x' }, () => 1], 'OPTIONS_INVALID'],
    ['an option that there is not', [() => 1, { isolation: 'serializable' }], 'OPTIONS_INVALID'],
    ['another way to commit', [() => 1, { commit: 'later' }], 'OPTIONS_INVALID'],
    ['a name that is no text', [() => 1, { name: 7 }], 'OPTIONS_INVALID'],
    ['an empty name', [() => 1, { name: ' ' }], 'OPTIONS_INVALID'],
    ['a name that no store keeps', [() => 1, { name: '\ud800' }], 'OPTIONS_INVALID'],
    ['options that are none', [() => 1, null], 'OPTIONS_INVALID'],
  ])('%s', async (_, args, code) => {
    const call = transaction as unknown as (...args: unknown[]) => unknown;
    expect(await inFlow(() => call(...args))).toMatchObject({ code });
  });

  it('code outside of a flow', () => {
    expect(() => transaction(async () => 1)).toThrow(expect.objectContaining({ code: 'NO_RUN' }));
  });

  it('a second one of its name in the same code, but not one within another', async () => {
    const twice = async () => {
      await transaction(async () => 1, { name: 'x' });
      await transaction(async () => transaction(async () => 1, { name: 'x' }), { name: 'y' });
      await transaction(async () => 1, { name: 'x' });
    };
    expect(await inFlow(twice)).toMatchObject({
      code: 'NAME_REUSED',
      message: "Two different transactions named 'x' were started by 'f'.",
    });
  });

  it('a task that is started after its end', async () => {
    const d = new Diary();
    const ended = gate();
    const late = gate();
    let code = '';
    const f = flow(
      async () => {
        await transaction(async () => {
          await d.step('a');
          void ended.opened
            .then(() => d.step('b'))
            .catch((error: unknown) => (code = codeOf(error)))
            .finally(() => late.open());
        });
        ended.open();
        await late.opened;
      },
      { name: 'f' },
    );
    await bench().engine.run(f);
    expect(code).toBe('TRANSACTION_OVER');
    expect(d.lines).toEqual(['do a', 'commit a']);
  });
});

describe('a commit hook', () => {
  it('that throws rolls the transaction back, and its error is thrown', async () => {
    const d = new Diary();
    d.commitFails.add('b');
    let caught: unknown;
    const f = flow(
      async () =>
        transaction(
          async () => {
            await d.step('a');
            await d.step('b');
            await d.step('c');
          },
          { name: 'x' },
        ).catch((error: unknown) => (caught = error)),
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    await handle.outcome();
    expect(caught).toMatchObject({
      code: 'COMMIT_FAILED',
      message: "The commit hook of 'step' threw, so the transaction 'x' was rolled back.",
      cause: { message: 'commit of b broke' },
    });
    expect(d.of('commit', 'undo')).toEqual(['commit a', 'commit b', 'undo c', 'undo b', 'undo a']);
    expect(await marks(b, handle.id)).toEqual(Array(3).fill('-step COMPLETED'));
    expect(await b.store.pendingHooks()).toEqual([]);
  });

  it('outside of a transaction is not called, which a warning tells once; one that is off is no mistake', async () => {
    const d = new Diary();
    const b = bench();
    const codes: string[] = [];
    b.engine.events.on('warning', ({ code }) => codes.push(code));
    const off = flow(async () => transaction(() => d.step('a'), { commit: 'off' }), {
      name: 'off',
    });
    await b.engine.run(off);
    expect(codes).toEqual([]);
    await b.engine.run(flow(async () => [await d.step('a'), await d.step('b')], { name: 'f' }));
    expect(codes).toEqual(['NO_TRANSACTION']);
    const top = flow(async () => 1, { name: 'top', onCommit: () => undefined });
    await b.engine.run(top);
    expect(codes).toEqual(['NO_TRANSACTION', 'NO_TRANSACTION']);
    expect(d.of('commit', 'undo')).toEqual([]);
  });
});
