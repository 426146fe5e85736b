import { describe, expect, it } from 'vitest';
import { flow, task } from '@holdfast/core';
import { bench, durableStore, expectNoUnhandledRejections, turns } from './support.ts';

expectNoUnhandledRejections();

/** A flow and a task under these versions; the task fails under the first. */
function build(flowVersion: string | undefined, taskVersion: string | undefined) {
  const step = task(
    async (n: number) => {
      if (taskVersion === 'one') throw new Error('under one');
      return n;
    },
    { name: 'step', ...(taskVersion === undefined ? {} : { version: taskVersion }) },
  );
  const steady = task(async () => 'steady', { name: 'steady', version: taskVersion ?? 'none' });
  const sub = flow(async () => step(2), {
    name: 'sub',
    ...(flowVersion === undefined ? {} : { version: flowVersion }),
  });
  return flow(
    async () => {
      await steady();
      await step.submit(1).outcome();
      return sub();
    },
    { name: 'f', ...(flowVersion === undefined ? {} : { version: flowVersion }) },
  );
}

async function versionsOf(b: ReturnType<typeof bench>, id: never): Promise<string[]> {
  const runs = [await (await b.engine.find(id)).run(), ...(await b.engine.below(id))];
  return runs.map(({ name, definitionVersion }) => `${name} ${definitionVersion ?? 'none'}`);
}

describe('the version of a definition', () => {
  it('is kept with each run that is executed under it, and told', async () => {
    const store = durableStore();
    const one = bench({ store, flows: [build('v1', 'one')] });
    const handle = await one.engine.start(build('v1', 'one'), []);
    await handle.outcome();
    const id = handle.id as never;
    expect(await versionsOf(one, id)).toEqual([
      'f v1',
      'steady one',
      'step one',
      'sub v1',
      'step one',
    ]);
    expect((await one.engine.explain(id)).run).toMatchObject({ definitionVersion: 'v1' });
    const two = bench({ store, flows: [build('v2', 'two')] });
    await (await two.engine.retry(id)).result();
    // What stood was not executed under the new version.
    expect(await versionsOf(two, id)).toEqual([
      'f v2',
      'steady one',
      'step two',
      'sub v2',
      'step two',
    ]);
    const three = bench({ store, flows: [build(undefined, undefined)] });
    await three.engine.retry(id).then((again) => again.result());
    expect((await versionsOf(three, id))[0]).toBe('f none');
  });

  it('is that of the code which resumed it', async () => {
    const store = durableStore();
    const one = bench({ store, flows: [build('v1', 'two')] });
    const handle = await one.engine.start(build('v1', 'two'), []);
    await one.engine.stop();
    await turns();
    const two = bench({ store, flows: [build('v2', 'two')] });
    const { resumed } = await two.engine.recover();
    expect(await resumed[0]?.result()).toBe(2);
    expect((await versionsOf(two, handle.id as never))[0]).toBe('f v2');
  });

  it('is replaced by with()', async () => {
    const b = bench();
    const handle = await b.engine.start(build('v1', 'two').with({ version: 'v9' }), []);
    await handle.result();
    expect((await handle.run()).definitionVersion).toBe('v9');
  });
});
