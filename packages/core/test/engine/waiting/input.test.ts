import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { flow, runContext, task, type RunId } from '@holdfast/core';
import { bench, expectNoUnhandledRejections, statesBelow, turns, type Bench } from '../support.ts';
import { executed, HOUR, openRun, START, step } from './support.ts';

expectNoUnhandledRejections();

const approval = z.object({ by: z.string(), at: z.coerce.date().optional() });
const release = flow(
  async () => {
    await step('built');
    const { by } = await runContext().pauseForInput('approval', { schema: approval });
    await step(`released by ${by}`);
    return by;
  },
  { name: 'release' },
);

function warnings({ engine }: Bench): unknown[] {
  const told: unknown[] = [];
  engine.events.on('warning', (warning) => told.push(warning));
  return told;
}

describe('a flow that asks for an input', () => {
  it('is shown PAUSED/Paused with its name, holds no lease, and goes on at once when it is given', async () => {
    executed.length = 0;
    const b = bench();
    const handle = await b.engine.start(release, []);
    await b.clock.advance(1);
    expect(await handle.state()).toEqual({ type: 'PAUSED', name: 'Paused', input: 'approval' });
    expect(await openRun(b.store, handle.id)).toMatchObject({ lease: { holder: '' } });
    await b.engine.provideInput(handle.id, 'approval', { by: 'ada' });
    await turns();
    expect(await handle.result()).toBe('ada');
    expect(executed).toEqual(['built', 'released by ada']);
    expect(b.told.filter((told) => told.startsWith('release'))).toEqual([
      'release PENDING/Pending',
      'release RUNNING/Running',
      'release PAUSED/Paused',
      'release RUNNING/Resumed',
      'release COMPLETED/Completed',
    ]);
  });

  it('gets what the schema makes of the value, and any value without one', async () => {
    const b = bench();
    const f = flow(
      async () => {
        const { pauseForInput } = runContext();
        const dated = await pauseForInput('a', { schema: approval });
        return [dated.at?.getTime(), await pauseForInput('b')];
      },
      { name: 'f' },
    );
    const handle = await b.engine.start(f, []);
    await turns();
    await b.engine.provideInput(handle.id, 'a', { by: 'x', at: '2026-01-05T03:00:00Z' });
    const any = new Map([[1n, new Date(START)]]);
    await b.engine.provideInput(handle.id, 'b', any);
    await turns();
    expect(await handle.result()).toEqual([START + HOUR, any]);
  });

  it('does not pause where it was given before, and gets the same again over attempts', async () => {
    const b = bench();
    const early = task(async () => (await runContext().pauseForInput('code')) as number, {
      name: 'early',
    });
    const f = flow(
      async () => {
        const { pauseForInput, attempt } = runContext();
        const code = await pauseForInput('code');
        if (attempt < 3) throw new Error('again');
        return [code, await pauseForInput('code')];
      },
      { name: 'f', retries: 2 },
    );
    const root = flow(
      async () => {
        await runContext().sleep('1m');
        const future = early.submit();
        await b.engine.provideInput(future.runId as RunId, 'code', 1);
        return [await future, await f()];
      },
      { name: 'root' },
    );
    const handle = await b.engine.start(root, []);
    await b.clock.advance(60_000);
    await turns(60);
    const inner = (await b.engine.below(handle.id)).find(({ name }) => name === 'f');
    await b.engine.provideInput(inner?.id as RunId, 'code', 2);
    await turns(60);
    expect(await handle.result()).toEqual([1, [2, 2]]);
    expect(b.told).not.toContain('early PAUSED/Paused');
    expect(b.told.filter((told) => told === 'f PAUSED/Paused')).toHaveLength(1);
  });

  it('may ask for several at once, and is shown with all of their names', async () => {
    const b = bench();
    const f = flow(
      async () => {
        const { pauseForInput, sleep } = runContext();
        return Promise.race([
          pauseForInput('yes', { timeout: '2h' }),
          pauseForInput('no'),
          sleep('1h').then(() => 'late'),
        ]);
      },
      { name: 'f' },
    );
    const handle = await b.engine.start(f, []);
    await b.clock.advance(1);
    expect(await handle.state()).toEqual({
      type: 'PAUSED',
      name: 'Paused',
      input: 'yes',
      inputs: ['yes', 'no'],
      until: START + HOUR,
    });
    const { sentence, whatItWaitsFor } = await b.engine.explain(handle.id);
    expect(sentence).toMatch(
      /waits for the input 'yes' or 'no', until 2026-01-05 03:00:00 UTC \(in 59m 59s\)\.$/,
    );
    expect(whatItWaitsFor).toMatchObject([{ for: 'pause', inputs: ['yes', 'no'] }]);
    await b.engine.provideInput(handle.id, 'no', 'no!');
    await turns();
    expect(await handle.result()).toBe('no!');
  });

  it('waits below a flow that runs, where a task asks', async () => {
    const ask = task(async () => runContext().pauseForInput('go'), { name: 'ask' });
    const f = flow(async () => ask(), { name: 'f' });
    const b = bench();
    const handle = await b.engine.start(f, []);
    await b.clock.advance(1);
    expect(await statesBelow(b, handle.id)).toEqual(['ask PAUSED/Paused']);
    expect(await handle.state()).toMatchObject({ type: 'RUNNING' });
    const [child] = await b.engine.below(handle.id);
    await b.engine.provideInput(child?.id as RunId, 'go', 'on');
    await turns();
    expect(await handle.result()).toBe('on');
  });

  it('can be cancelled while it waits', async () => {
    const b = bench();
    const handle = await b.engine.start(release, []);
    await b.clock.advance(1);
    await b.engine.cancel(handle.id, 'never mind');
    expect(await handle.outcome()).toMatchObject({ state: 'CANCELLED' });
    await expect(b.engine.provideInput(handle.id, 'approval', { by: 'x' })).rejects.toMatchObject({
      code: 'INPUT_TOO_LATE',
    });
  });
});

describe('an input that is not given in time', () => {
  const patient = flow(
    async (catches: boolean) => {
      const { pauseForInput } = runContext();
      const asked = pauseForInput('go', { timeout: '3h' });
      return catches ? asked.catch((error: { code: string }) => error.code) : asked;
    },
    { name: 'patient', retries: 3 },
  );

  it('fails the run as TimedOut, which is not tried again', async () => {
    const b = bench();
    const handle = await b.engine.start(patient, [false]);
    await b.clock.advance(3 * HOUR - 1);
    expect(await handle.state()).toEqual({
      type: 'PAUSED',
      name: 'Paused',
      input: 'go',
      until: START + 3 * HOUR,
    });
    await b.clock.advance(1);
    expect(await handle.outcome()).toMatchObject({ error: { code: 'INPUT_TIMED_OUT' } });
    expect(await handle.state()).toMatchObject({ type: 'FAILED', name: 'TimedOut' });
    expect(await handle.run()).toMatchObject({ attempts: 1 });
  });

  it('can be caught', async () => {
    const b = bench();
    const handle = await b.engine.start(patient, [true]);
    await b.clock.advance(3 * HOUR);
    expect(await handle.result()).toBe('INPUT_TIMED_OUT');
  });

  it('is no timeout of a flow whose task waited for it', async () => {
    const ask = task(async () => runContext().pauseForInput('go', { timeout: '1h' }), {
      name: 'ask',
    });
    const f = flow(async () => ask(), { name: 'f' });
    const b = bench();
    const handle = await b.engine.start(f, []);
    await b.clock.advance(HOUR);
    expect(await handle.state()).toMatchObject({ type: 'FAILED', name: 'Failed' });
    expect(await statesBelow(b, handle.id)).toEqual(['ask FAILED/TimedOut']);
  });

  it('is asked for anew, with its time, under the same name', async () => {
    const b = bench();
    const f = flow(
      async () => {
        const ask = () => runContext().pauseForInput('go', { timeout: '1h' });
        return ask().catch(ask);
      },
      { name: 'f' },
    );
    const handle = await b.engine.start(f, []);
    await b.clock.advance(HOUR + 1000);
    expect(await handle.state()).toMatchObject({ until: START + 2 * HOUR });
    await b.engine.provideInput(handle.id, 'go', 'yes');
    await turns();
    expect(await handle.result()).toBe('yes');
  });
});

describe('a value that nobody had checked', () => {
  it('is refused by who waits, with a warning; the next one counts', async () => {
    const b = bench();
    const told = warnings(b);
    const handle = await b.engine.start(release, []);
    await b.clock.advance(1);
    const other = bench({ store: b.store, clock: b.clock });
    await other.engine.provideInput(handle.id, 'approval', 'yes');
    await b.clock.advance(5000);
    expect(told).toMatchObject([{ code: 'INPUT_REFUSED', runId: handle.id }]);
    expect(await handle.state()).toMatchObject({ name: 'Paused', input: 'approval' });
    expect(await openRun(b.store, handle.id)).toMatchObject({ lease: { holder: '' } });
    await other.engine.provideInput(handle.id, 'approval', { by: 'ada' });
    await b.clock.advance(5000);
    expect(await handle.result()).toBe('ada');
    expect(told).toHaveLength(1);
  });
});
