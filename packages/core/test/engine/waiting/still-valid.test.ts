import { describe, expect, it } from 'vitest';
import { flow, task, type RunStore } from '@holdfast/core';
import { crashAtEveryStep } from '@holdfast/core/testing';
import { durableStore, expectNoUnhandledRejections, turns, type Bench } from '../support.ts';
import { HOUR, processOn, START } from './support.ts';

expectNoUnhandledRejections();

let hangs = true;
let dumps = 0;
let valid = (_file: string): unknown => true;
const asked: string[] = [];

const dump = task(async (db: string) => `${db} ${++dumps}`, {
  name: 'dump',
  stillValid: (file) => {
    asked.push(file);
    return valid(file) as boolean;
  },
});
const check = task(async (file: string) => `checked ${file}`, { name: 'check' });
const last = task(async () => (hangs ? new Promise<never>(() => undefined) : 'end'), {
  name: 'last',
});
const nightly = flow(
  async () => {
    const checked = check.submit(dump.submit('orders'));
    await checked;
    await last();
    return checked;
  },
  { name: 'nightly' },
);

/** `nightly` in a process that died in its last task, and what another process makes of it. */
async function recovered(answer: typeof valid) {
  hangs = true;
  dumps = 0;
  asked.length = 0;
  valid = () => expect.fail('asked by the process that made it');
  const store = durableStore();
  const one = processOn(store, [nightly]);
  const { id } = await one.engine.start(nightly, []);
  await turns();
  hangs = false;
  valid = answer;
  const two = processOn(store, [nightly], START + 72 * HOUR);
  const warnings: unknown[] = [];
  two.engine.events.on('warning', (warning) => warnings.push(warning));
  const { resumed } = await two.engine.recover();
  return { store, two, id, warnings, result: await resumed[0]?.result() };
}

async function generations({ engine }: Bench, store: RunStore, id: string): Promise<unknown[]> {
  const runs = await engine.below(id as never);
  const recorded = await store.recorded(id as never);
  return [
    ...runs.map(({ name, generation }) => `${name} ${generation}`),
    ...recorded.map(({ slot, scope }) => `${slot} ${scope}`),
  ];
}

describe('stillValid', () => {
  it('has a result that counts given again, after it was asked once', async () => {
    const { result, warnings } = await recovered(() => true);
    expect(result).toBe('checked orders 1');
    expect(asked).toEqual(['orders 1']);
    expect(warnings).toEqual([]);
  });

  it.each([
    ['says no', () => false],
    ['says no later', async () => false],
    ['throws', () => JSON.parse('{')],
    ['says something else', () => 'yes'],
  ])('has the task and what needs it executed again where it %s', async (_how, answer) => {
    const { two, store, id, result, warnings } = await recovered(answer);
    expect(result).toBe('checked orders 2');
    expect(asked).toEqual(['orders 1']);
    const [first] = await two.engine.below(id);
    expect(warnings).toMatchObject([{ code: 'RESULT_OUTDATED', runId: first?.id }]);
    expect(await generations(two, store, id)).toEqual([
      'dump 2',
      'check 2',
      'last 1',
      'still-valid 1',
    ]);
  });

  it('is asked by engine.retry(), too, and not of what is replayed by a flow that is tried again', async () => {
    asked.length = 0;
    valid = () => false;
    hangs = false;
    dumps = 0;
    let fails = 2;
    const f = flow(
      async () => {
        const file = await dump('users');
        if (fails-- > 0) throw new Error('no');
        return file;
      },
      { name: 'f', retries: 1 },
    );
    const one = processOn(durableStore(), [f]);
    const handle = await one.engine.start(f, []);
    expect(await handle.outcome()).toMatchObject({ state: 'FAILED' });
    expect(asked).toEqual([]);
    const again = await one.engine.retry(handle.id);
    expect(await again.result()).toBe('users 2');
    expect(asked).toEqual(['users 1']);
  });

  it('changes nothing that a crash at any point could', async () => {
    hangs = false;
    valid = () => true;
    const counted = flow(async () => (await nightly()).replace(/\d+/, 'n'), { name: 'counted' });
    const report = await crashAtEveryStep(counted);
    expect(report.result).toBe('checked orders n');
    valid = () => false;
    expect((await crashAtEveryStep(counted)).crashes).toBeGreaterThan(10);
  });
});
