import { describe, expect, it } from 'vitest';
import { flow, runContext, task, transaction } from '@holdfast/core';
import { aborted, bench, expectNoUnhandledRejections, turns } from '../engine/support.ts';
import { codeOf, Diary } from './support.ts';

expectNoUnhandledRejections();

describe('a transaction that ends well', () => {
  it('gives what its code gave, with futures resolved, and calls commit hooks once all has ended', async () => {
    const d = new Diary();
    const f = flow(
      async () => {
        const given = await transaction(async () => {
          await d.step('a');
          d.step.submit('b');
          return { c: d.step.submit('c') };
        });
        d.lines.push('after');
        return given;
      },
      { name: 'f' },
    );
    const b = bench();
    expect(await b.engine.run(f)).toEqual({ c: 'c' });
    expect(d.lines).toEqual(['do a', 'do b', 'do c', 'commit a', 'commit b', 'commit c', 'after']);
    expect(await b.store.pendingHooks()).toEqual([]);
  });

  it('tells commit hooks the result, the transaction, and what stays the same', async () => {
    const d = new Diary();
    const vault = { put: () => 1 };
    let resource: unknown;
    const keep = task(async () => ({ at: new Date(0) }), {
      name: 'keep',
      onCommit: (value, info) => {
        expect(value.at).toEqual(new Date(0));
        resource = info.resource('vault');
      },
    });
    let id = '';
    const f = flow(
      async () =>
        transaction(
          async (tx) => {
            id = tx.id;
            expect(tx.name).toBe('both ways');
            await keep();
            return d.step('a');
          },
          { name: 'both ways' },
        ),
      { name: 'f' },
    );
    const b = bench({ resources: { vault } });
    const handle = await b.engine.start(f, []);
    await handle.result();
    const [, run] = await b.engine.below(handle.id);
    expect(d.commits).toMatchObject([
      {
        runId: run?.id,
        rootId: handle.id,
        name: 'step',
        state: { type: 'COMPLETED' },
        transaction: { id, name: 'both ways' },
        id: `${run?.id}:${run?.version}:onCommit`,
        kind: 'task',
      },
    ]);
    expect(run?.transaction).toEqual({ id, within: [] });
    expect(resource).toBe(vault);
  });

  it('calls nothing within it as code of a run', async () => {
    let code = '';
    const t = task(async () => 1, {
      name: 't',
      onCommit: () => {
        try {
          runContext();
        } catch (error) {
          code = codeOf(error);
        }
      },
    });
    await bench().engine.run(flow(() => transaction(() => t()), { name: 'f' }));
    expect(code).toBe('NO_RUN');
  });

  it('is told of by an event, once it is recorded', async () => {
    const d = new Diary();
    const b = bench();
    const told: unknown[] = [];
    b.engine.events.on('transaction', (event) => told.push(event));
    await b.engine.run(flow(() => transaction(() => d.step('a')), { name: 'f' }));
    expect(told).toMatchObject([{ name: 'transaction', outcome: 'committed' }]);
  });

  it('fails where something in it failed that nobody looked at', async () => {
    const d = new Diary();
    const f = flow(
      async () => {
        const tried = transaction(async () => {
          await d.step('a');
          d.fail.submit('no');
          return 'done';
        });
        return tried.catch(codeOf);
      },
      { name: 'f' },
    );
    const b = bench();
    expect(await b.engine.run(f)).toBe('UNOBSERVED_FAILURE');
    expect(d.lines).toEqual(['do a', 'undo a']);
  });
});

it('nobody waits for is waited for by its flow, and its failure is the flow’s', async () => {
  const d = new Diary();
  const f = flow(
    async () => {
      void transaction(async () => {
        await d.step('a');
        await d.fail('no');
      });
      return 'returned';
    },
    { name: 'f' },
  );
  const b = bench();
  const handle = await b.engine.start(f, []);
  expect(await handle.outcome()).toMatchObject({
    ok: false,
    error: { code: 'UNOBSERVED_FAILURE', cause: { code: 'E_NO' } },
  });
  expect(d.lines).toEqual(['do a', 'undo a']);
});

it('what is under way in it is cancelled and waited for before anything is undone', async () => {
  const d = new Diary();
  const slow = task(
    async () => {
      await aborted(runContext().signal);
      await turns(5);
      d.lines.push('slow ended');
      return 'all the same';
    },
    { name: 'slow', onRollback: () => void d.lines.push('undo slow') },
  );
  const f = flow(
    async () =>
      transaction(async () => {
        await d.step('a');
        slow.submit();
        await d.fail('no');
      }).catch(codeOf),
    { name: 'f' },
  );
  expect(await bench().engine.run(f)).toBe('E_NO');
  expect(d.lines).toEqual(['do a', 'slow ended', 'undo slow', 'undo a']);
});
