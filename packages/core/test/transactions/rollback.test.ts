import { describe, expect, it } from 'vitest';
import { flow, runContext, secret, task, transaction, type RunId } from '@holdfast/core';
import { aborted, bench, expectNoUnhandledRejections, gate, turns } from '../engine/support.ts';
import { codeOf, Diary, marks } from './support.ts';

expectNoUnhandledRejections();

/** Never ends by itself, and tells that it has begun. */
const hang = (begun: () => void) =>
  task(
    async () => {
      begun();
      await aborted(runContext().signal);
      throw runContext().signal.reason;
    },
    { name: 'hang' },
  );

describe('a transaction is rolled back', () => {
  it('when its flow is cancelled, and tells the hooks why', async () => {
    const d = new Diary();
    const begun = gate();
    const hanging = hang(begun.open);
    const f = flow(
      async () =>
        transaction(async () => {
          await d.step('a');
          await hanging();
        }),
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    await begun.opened;
    await handle.cancel('enough');
    expect((await handle.state()).type).toBe('CANCELLED');
    expect(d.lines).toEqual(['do a', 'undo a']);
    expect(d.rollbacks).toMatchObject([{ error: { code: 'CANCELLED' } }]);
    expect(b.told.at(-1)).toBe('f CANCELLED/Cancelled');
  });

  it('when its flow takes too long, once for each attempt', async () => {
    const d = new Diary();
    const hanging = hang(() => undefined);
    const f = flow(
      async () =>
        transaction(async () => {
          await d.step('a');
          await hanging();
        }),
      { name: 'f', timeout: '1m', retries: 1 },
    );
    const b = bench();
    const outcome = await b.clock.runUntil(b.engine.start(f, []).then((h) => h.outcome()));
    expect(outcome).toMatchObject({ ok: false, error: { code: 'TIMED_OUT' } });
    expect(d.lines).toEqual(['do a', 'undo a', 'do a', 'undo a']);
    expect(d.rollbacks).toMatchObject([{ error: { code: 'TIMED_OUT' } }, { error: {} }]);
  });

  it('when its code ignores that it was told to stop, as soon as its grace is over', async () => {
    const d = new Diary();
    const begun = gate();
    const f = flow(
      async () =>
        transaction(async () => {
          await d.step('a');
          begun.open();
          await new Promise(() => undefined);
        }),
      { name: 'f', grace: '3s' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    await begun.opened;
    const cancelled = handle.cancel('enough');
    await turns();
    expect(d.lines).toEqual(['do a']);
    await b.clock.advance(3000);
    await cancelled;
    expect(d.lines).toEqual(['do a', 'undo a']);
  });

  it('hook by hook, and each run is marked once its hook has returned', async () => {
    const b = bench();
    const seen: unknown[] = [];
    const look = async (id: RunId): Promise<void> => {
      const runs = await b.engine.runs({ kind: 'task', order: 'oldest' });
      await turns(3);
      seen.push([id, runs.filter((run) => run.rolledBackAt !== undefined).map((run) => run.id)]);
    };
    const step = task(async (n: number) => n, {
      name: 'step',
      onRollback: (_, { runId }) => look(runId),
    });
    const f = flow(
      async () =>
        transaction(async () => {
          for (const n of [1, 2, 3]) await step(n);
          throw new Error('no');
        }).catch(() => undefined),
      { name: 'f' },
    );
    const told: string[] = [];
    b.engine.events.on('rolled-back', ({ run }) => told.push(run.id));
    const handle = await b.engine.start(f, []);
    await handle.result();
    const [one, two, three] = (await b.engine.below(handle.id)).map(({ id }) => id);
    expect(seen).toEqual([
      [three, []],
      [two, [three]],
      [one, [two, three]],
    ]);
    expect(told).toEqual([three, two, one]);
  });

  it('with everything that completed in it, hook or none; the flow counts it as failed', async () => {
    const d = new Diary();
    const plain = task(async (n: number) => n, { name: 'plain' });
    const f = flow(
      async () => {
        await plain(0);
        await transaction(async () => {
          await plain(1);
          await d.step('a');
          await d.fail.submit('no').outcome();
          throw new Error('no');
        }).catch(() => undefined);
        return 'went on';
      },
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    await handle.result();
    expect(await marks(b, handle.id)).toEqual([
      'plain COMPLETED',
      '-plain COMPLETED',
      '-step COMPLETED',
      'fail FAILED',
    ]);
    expect(await handle.state()).toMatchObject({ type: 'COMPLETED', failedTasks: 3 });
  });

  it('and its error holds no secrets where it is kept', async () => {
    const d = new Diary();
    const token = secret('vault:token');
    const told: unknown[] = [];
    const t = task(
      async () => {
        const value = await runContext().secret(token);
        throw new Error(`refused: ${value}`);
      },
      { name: 't' },
    );
    const f = flow(
      async () =>
        transaction(async () => {
          await d.step('a');
          await t();
        }).catch(() => undefined),
      { name: 'f' },
    );
    const b = bench({ secrets: { vault: async () => 'hunter22222' } });
    const handle = await b.engine.start(f, []);
    await handle.result();
    told.push(await b.store.recorded(handle.id), d.rollbacks[0]?.error.message);
    expect(JSON.stringify(told)).toContain('refused: ');
    expect(JSON.stringify(told)).not.toContain('hunter22222');
  });
});

describe('a rollback hook that throws', () => {
  it('keeps no other from being called, and is reported beside the error', async () => {
    const d = new Diary();
    d.rollbackFails.add('c').add('a');
    let caught: unknown;
    const f = flow(
      async () =>
        transaction(
          async () => {
            for (const name of ['a', 'b', 'c']) await d.step(name);
            await d.fail('no');
          },
          { name: 'x' },
        ).catch((error: unknown) => (caught = error)),
      { name: 'f' },
    );
    const b = bench();
    const warnings: unknown[] = [];
    const failed: unknown[] = [];
    b.engine.events.on('warning', (event) => warnings.push(event));
    b.engine.events.on('hook-failed', ({ hook }) => failed.push(hook));
    const handle = await b.engine.start(f, []);
    await handle.outcome();
    expect(d.of('undo')).toEqual(['undo c', 'undo b', 'undo a']);
    expect(caught).toMatchObject({
      code: 'ROLLBACK_FAILED',
      message: "The transaction 'x' failed (no), and rollback hooks threw: step, step.",
      cause: {
        cause: { code: 'E_NO' },
        errors: [{ code: 'E_NO' }, { message: 'undo of c broke' }, { message: 'undo of a broke' }],
      },
    });
    expect(warnings).toMatchObject([{ code: 'ROLLBACK_FAILED', runId: handle.id }]);
    expect(failed).toEqual(['onRollback', 'onRollback']);
    expect(await marks(b, handle.id)).toEqual([
      '-step COMPLETED',
      '-step COMPLETED',
      '-step COMPLETED',
      'fail FAILED',
    ]);
    expect(await b.store.pendingHooks()).toEqual([]);
  });

  it.each([true, false])('leaves a retry as it was worth it before (%s)', async (retryable) => {
    const d = new Diary();
    d.rollbackFails.add('a');
    let attempts = 0;
    const f = flow(
      async () => {
        attempts++;
        await transaction(async () => {
          await d.step('a');
          throw Object.assign(new Error('no'), { retryable });
        });
      },
      { name: 'f', retries: 1 },
    );
    const b = bench();
    const run = b.engine.run(f).catch(codeOf);
    expect(await b.clock.runUntil(run)).toBe('ROLLBACK_FAILED');
    expect(attempts).toBe(retryable ? 2 : 1);
  });
});
