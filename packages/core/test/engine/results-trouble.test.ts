import { describe, expect, it } from 'vitest';
import { flow, memoryObjectStore, ObjectStoreError, runContext, task } from '@holdfast/core';
import type { ObjectStore, RunStore } from '@holdfast/core';
import {
  crashingRunStore,
  faultyObjectStore,
  seededRandom,
  TestClock,
} from '@holdfast/core/testing';
import type { ObjectStoreFault } from '@holdfast/core/testing';
import { bench, durableStore, expectNoUnhandledRejections, gate, turns } from './support.ts';

expectNoUnhandledRejections();

const keep = (store: ObjectStore) => ({ results: { store, inlineUpTo: 100 } });
const faulty = (...faults: ObjectStoreFault[]) => faultyObjectStore(memoryObjectStore(), faults);

/** A flow whose first task gives a large result, and that then waits until it is told to go on. */
function waiting() {
  const executed: string[] = [];
  const open = gate();
  const big = task(
    async () => {
      executed.push('big');
      return 'x'.repeat(500);
    },
    { name: 'big' },
  );
  const wait = task(async () => open.opened, { name: 'wait' });
  const f = flow(
    async () => {
      const { length } = await big();
      await wait();
      return length;
    },
    { name: 'f', maxRecoveries: 2 },
  );
  return { executed, open, f };
}

/** Starts it in a process that dies while it waits; gives what is left. */
async function leftBehind(objects: ObjectStore): Promise<{
  readonly store: RunStore;
  readonly left: ReturnType<typeof waiting>;
}> {
  const store = durableStore();
  const left = waiting();
  const one = bench({ store: crashingRunStore(store, undefined), ...keep(objects) });
  await one.engine.start(left.f, []);
  await turns();
  return { store, left };
}

/** A store in which no write ever ends by itself. */
function hanging() {
  const objects = memoryObjectStore();
  const reached = gate();
  const put: ObjectStore['put'] = (_key, _body, options) =>
    new Promise((_resolve, reject) => {
      reached.open();
      options?.signal?.addEventListener('abort', () => reject(options.signal?.reason as Error));
    });
  const store = Object.assign(Object.create(objects) as ObjectStore, { put });
  const big = task(async () => 'x'.repeat(500), { name: 'big', grace: '5s' });
  const f = flow(async () => (await big()).length, { name: 'f', grace: '1m' });
  return { objects, store, reached, f };
}

let processes = 0;

/** Another process on what is left. */
function another(store: RunStore, flows: readonly object[], objects: ObjectStore) {
  const number = ++processes;
  const clock = new TestClock(Date.UTC(2027, 0, number));
  return bench({ store, flows, clock, random: seededRandom(number), ...keep(objects) });
}

describe('an object store that is not there for a moment', () => {
  it('is asked again for what is put, three times', async () => {
    const times = [1, 3, 4];
    const outcomes: unknown[] = [];
    for (const each of times) {
      const b = bench(keep(faulty({ fault: 'fail', on: 'put', times: each })));
      const big = task(async () => 'x'.repeat(500), { name: 'big' });
      const begun = b.clock.now();
      const run = b.engine.run(flow(async () => (await big()).length, { name: 'f' }));
      const outcome = await b.clock.runUntil(run.catch((e: { code: string }) => e.code));
      outcomes.push([outcome, b.clock.now() - begun]);
    }
    expect(outcomes).toEqual([
      [500, 1000],
      [500, 26_000],
      ['OBJECT_STORE_UNAVAILABLE', 26_000],
    ]);
  });

  it('is asked again for what is read, also when bits have turned on the way', async () => {
    const objects = faulty(
      { fault: 'fail', on: 'get' },
      { fault: 'flip', on: 'get', atByte: 7, nth: 2 },
      { fault: 'cut', on: 'get', afterBytes: 9, nth: 3 },
    );
    const { store, left } = await leftBehind(objects);
    left.open.open();
    const b = another(store, [left.f], objects);
    const { resumed } = await b.engine.recover();
    expect(await b.clock.runUntil(resumed[0]!.result())).toBe(500);
    expect(left.executed).toEqual(['big']);
    expect(objects.unspent()).toEqual([]);
  });

  it('is not asked again where that cannot help: the retries of the task decide', async () => {
    const denied = new ObjectStoreError('denied', 'no right to write');
    const objects = faulty({ fault: 'fail', on: 'put', times: 2, error: denied });
    const b = bench(keep(objects));
    let executed = 0;
    const big = task(
      async () => {
        executed++;
        return 'x'.repeat(500);
      },
      { name: 'big' },
    );
    const f = flow(async () => (await big()).length, { name: 'f' });
    await expect(b.engine.run(f)).rejects.toMatchObject({ code: 'OBJECT_STORE_DENIED' });
    expect([executed, objects.calls.length]).toEqual([1, 1]);
  });
});

describe('a result that cannot be read back', () => {
  it.each<[string, (objects: ObjectStore) => ObjectStore, string]>([
    ['is gone', () => memoryObjectStore(), 'RESULT_MISSING'],
    [
      'is another',
      (objects) =>
        faultyObjectStore(objects, [
          { fault: 'flip', on: 'get', atByte: 3, times: Number.POSITIVE_INFINITY },
        ]),
      'RESULT_ALTERED',
    ],
    [
      'is longer',
      (objects) => {
        const get = (key: string) =>
          (async function* () {
            yield* objects.get(key);
            yield Buffer.from('more');
          })();
        return Object.assign(Object.create(objects) as ObjectStore, { get });
      },
      'RESULT_ALTERED',
    ],
  ])('because it %s, is no failure of its task', async (_what, disturb, code) => {
    const objects = memoryObjectStore();
    const { store, left } = await leftBehind(objects);
    left.open.open();
    const b = another(store, [left.f], disturb(objects));
    const { resumed } = await b.engine.recover();
    const [handle] = resumed;
    const result = b.clock.runUntil(handle!.result());
    await expect(result).rejects.toMatchObject({ code, retryable: false });
    expect((await handle!.state()).type).toBe('RUNNING');
    const lines = await b.engine.logs(handle!.id, { level: 'error' });
    expect(lines.map(({ message }) => message)).toEqual([
      'its result could not be read: what needs it is left to a recovery',
    ]);
    // Once the object is back, the run goes on.
    const next = another(store, [left.f], objects);
    const again = await next.engine.recover();
    expect(await next.clock.runUntil(again.resumed[0]!.result())).toBe(500);
    expect(left.executed).toEqual(['big']);
  });

  it('ends the run as CRASHED when it stays away', async () => {
    const { store, left } = await leftBehind(memoryObjectStore());
    const empty = memoryObjectStore();
    for (let n = 1; n <= 2; n++) {
      const b = another(store, [left.f], empty);
      const { resumed } = await b.engine.recover();
      await b.clock.runUntil(resumed[0]!.outcome().catch(() => undefined));
    }
    const last = another(store, [left.f], empty);
    const { ended } = await last.engine.recover();
    expect(ended).toHaveLength(1);
    expect((await store.run(ended[0]!))?.state).toMatchObject({ type: 'CRASHED' });
  });
});

describe('a result that hangs on its way', () => {
  it('is given up when the grace after a cancel is over', async () => {
    const { store, reached, f } = hanging();
    const b = bench(keep(store));
    const handle = await b.engine.start(f, []);
    await reached.opened;
    const begun = b.clock.now();
    await b.clock.runUntil(handle.cancel('enough'));
    expect(b.clock.now() - begun).toBe(5000);
    expect((await handle.state()).type).toBe('CANCELLED');
  });

  it('is given up when the engine stops, and made again by a recovery', async () => {
    const { objects, store, reached, f } = hanging();
    const inner = durableStore();
    const b = bench({ store: inner, ...keep(store) });
    const handle = await b.engine.start(f, []);
    const result = handle.result();
    await reached.opened;
    await b.clock.runUntil(b.engine.stop());
    await expect(result).rejects.toMatchObject({ code: 'ENGINE_STOPPED' });
    const next = another(inner, [f], objects);
    const { resumed } = await next.engine.recover();
    expect(await next.clock.runUntil(resumed[0]!.result())).toBe(500);
  });

  it('keeps no stop waiting that has to be read first', async () => {
    const objects = memoryObjectStore();
    const { store, left } = await leftBehind(objects);
    const get = () =>
      (async function* () {
        yield await new Promise<never>(() => undefined);
      })();
    const b = another(
      store,
      [left.f],
      Object.assign(Object.create(objects) as ObjectStore, { get }),
    );
    const { resumed } = await b.engine.recover();
    await turns();
    await b.engine.stop();
    await expect(resumed[0]!.result()).rejects.toMatchObject({ code: 'ENGINE_STOPPED' });
  });
});

it('what lies inline asks nothing of the object store', async () => {
  const objects = faulty();
  const b = bench(keep(objects));
  const small = task(async (n: number) => ({ n, at: runContext().attempt }), { name: 'small' });
  await b.engine.run(flow(async () => small.map([1, 2, 3]), { name: 'f' }));
  expect(objects.calls).toEqual([]);
});
