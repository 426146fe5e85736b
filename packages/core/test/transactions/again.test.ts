import { describe, expect, it } from 'vitest';
import { flow, task, transaction } from '@holdfast/core';
import { crashingRunStore, TestClock } from '@holdfast/core/testing';
import {
  bench,
  durableStore,
  expectNoUnhandledRejections,
  gate,
  turns,
} from '../engine/support.ts';
import { codeOf, Diary, marks } from './support.ts';

expectNoUnhandledRejections();

describe('what was rolled back', () => {
  it('is executed again by a retry of the flow, with all that takes it as input', async () => {
    const d = new Diary();
    const after = task(
      async (name: string) => {
        d.lines.push(`after ${name}`);
        return name;
      },
      { name: 'after' },
    );
    let fails = true;
    const f = flow(
      async () => {
        await d.step('outside');
        const tried = await transaction(async () => {
          const a = d.step.submit('a');
          const taken = after.submit(a);
          await taken;
          return taken;
        });
        await transaction(
          async () => {
            await d.step('b');
            if (fails) throw new Error('no');
          },
          { name: 'second' },
        ).finally(() => (fails = false));
        return tried;
      },
      { name: 'f', retries: 1 },
    );
    const b = bench();
    expect(await b.clock.runUntil(b.engine.run(f))).toBe('a');
    // The first transaction has committed: it stands.
    expect(d.lines).toEqual([
      'do outside',
      'do a',
      'after a',
      'commit a',
      'do b',
      'undo b',
      'do b',
      'commit b',
    ]);
  });

  it('and what took it outside of the transaction is executed again, too', async () => {
    const d = new Diary();
    const after = task(
      async (name: string) => {
        d.lines.push(`after ${name}`);
        return name;
      },
      { name: 'after' },
    );
    let fails = true;
    const f = flow(
      async () => {
        let taken: Promise<string> | undefined;
        const tried = transaction(async () => {
          const a = d.step.submit('a');
          taken = transaction(async () => after.submit(a), { name: 'off', commit: 'off' });
          await taken;
          if (fails) throw new Error('no');
        }).finally(() => (fails = false));
        await tried;
        return taken;
      },
      { name: 'f', retries: 1 },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    await b.clock.runUntil(handle.result());
    expect(d.lines).toEqual(['do a', 'after a', 'undo a', 'do a', 'after a', 'commit a']);
    const runs = await b.engine.below(handle.id);
    expect(runs.map(({ name, generation }) => [name, generation])).toEqual([
      ['step', 2],
      ['after', 2],
    ]);
    expect(await marks(b, handle.id)).toEqual(['step COMPLETED', 'after COMPLETED']);
  });

  it('is executed again by engine.retry, as another generation in another transaction', async () => {
    const d = new Diary();
    let fails = true;
    const f = flow(
      async () =>
        transaction(async () => {
          await d.step('a');
          if (fails) throw new Error('no');
        }),
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    await handle.outcome();
    const [before] = await b.engine.below(handle.id);
    fails = false;
    await (await b.engine.retry(handle.id)).result();
    const [after] = await b.engine.below(handle.id);
    expect(d.lines).toEqual(['do a', 'undo a', 'do a', 'commit a']);
    expect(before?.transaction?.id).toBe(`${handle.id}/1.1/transaction`);
    expect(after).toMatchObject({
      generation: 2,
      transaction: { id: `${handle.id}/2.1/transaction`, within: [] },
    });
    expect(after?.rolledBackAt).toBeUndefined();
    expect(d.commits[0]?.id).toMatch(new RegExp(`^${after?.id}:\\d+:onCommit$`));
  });

  it('is executed again where the same code calls it again under its key, with what is below it', async () => {
    const d = new Diary();
    const inner = flow(async () => [await d.step('x'), await d.step('y')], {
      name: 'inner',
      key: () => 'k',
    });
    const f = flow(
      async () => {
        const tried = await transaction(async () => {
          await inner();
          await d.fail('no');
        }).catch(codeOf);
        return [tried, await inner()];
      },
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    expect(await handle.result()).toEqual(['E_NO', ['x', 'y']]);
    expect(d.lines).toEqual(['do x', 'do y', 'undo y', 'undo x', 'do x', 'do y']);
    expect(await marks(b, handle.id)).toEqual([
      'inner COMPLETED',
      'step COMPLETED',
      'step COMPLETED',
      'fail FAILED',
    ]);
  });
});

describe('an engine that is stopped', () => {
  it('in an open transaction leaves it open: it goes on elsewhere, and commits', async () => {
    const store = durableStore();
    const d = new Diary();
    const begun = gate();
    let hangs = true;
    const wait = task(
      async () => {
        begun.open();
        return hangs ? new Promise<number>(() => undefined) : 1;
      },
      { name: 'wait', grace: 0 },
    );
    const f = flow(
      async () =>
        transaction(async () => {
          await d.step('a');
          return wait();
        }).catch(async (error: unknown) => d.lines.push(`caught ${codeOf(error)}`)),
      { name: 'f', grace: 0 },
    );
    const one = bench({ store });
    await one.engine.start(f, []);
    await begun.opened;
    await one.clock.runUntil(one.engine.stop());
    expect(d.of('do', 'undo', 'commit')).toEqual(['do a']);
    hangs = false;
    d.clear();
    const two = bench({ store, flows: [f], clock: new TestClock(Date.UTC(2027, 0, 1)) });
    const { resumed } = await two.engine.recover();
    expect(await resumed[0]?.result()).toBe(1);
    expect(d.lines).toEqual(['commit a']);
  });

  it('waits for the hook that is being called, but no longer than a grace, and calls no other', async () => {
    const inner = durableStore();
    const called = gate();
    const told: string[] = [];
    let hangs = true;
    const step = task(async (name: string) => name, {
      name: 'step',
      onRollback: async (name) => {
        told.push(name);
        if (!hangs) return;
        called.open();
        await new Promise(() => undefined);
      },
    });
    const f = flow(
      async () =>
        transaction(async () => {
          await step('a');
          await step('b');
          throw Object.assign(new Error('no'), { code: 'E_NO' });
        }).catch(codeOf),
      { name: 'f', grace: '4s' },
    );
    const one = bench({ store: crashingRunStore(inner, undefined) });
    const handle = await one.engine.start(f, []);
    await called.opened;
    const stopped = one.engine.stop();
    await turns();
    expect((await inner.run(handle.id))?.state.name).toBe('Running');
    await one.clock.advance(4000);
    await stopped;
    expect((await inner.run(handle.id))?.state.name).toBe('AwaitingRecovery');
    expect(told).toEqual(['b']);
    hangs = false;
    const two = bench({ store: inner, flows: [f], clock: new TestClock(Date.UTC(2027, 0, 1)) });
    const { resumed } = await two.engine.recover();
    expect(await resumed[0]?.result()).toBe('E_NO');
    expect(told).toEqual(['b', 'b', 'a']);
    expect(await marks(two, handle.id)).toEqual(['-step COMPLETED', '-step COMPLETED']);
  });

  it('or that has lost the lease calls no hook', async () => {
    const store = durableStore();
    const d = new Diary();
    const begun = gate();
    const go = gate();
    const f = flow(
      async () =>
        transaction(async () => {
          await d.step('a');
          begun.open();
          await go.opened;
          throw new Error('no');
        }),
      { name: 'f' },
    );
    const one = bench({ store });
    const handle = await one.engine.start(f, []);
    await begun.opened;
    const rival = { holder: 'another 1', ttl: 60_000, now: Date.UTC(2030, 0, 1) };
    expect((await store.acquireLease({ rootId: handle.id, ...rival })).granted).toBe(true);
    go.open();
    await expect(handle.outcome()).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(d.lines).toEqual(['do a']);
    expect(await store.recorded(handle.id)).toEqual([]);
  });
});
