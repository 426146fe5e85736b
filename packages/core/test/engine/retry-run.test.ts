import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  allowFailure,
  createEngine,
  flow,
  memoryRunStore,
  newRunId,
  task,
  type Engine,
} from '@holdfast/core';

const executed: string[] = [];
let broken = true;

const good = task(
  async (text: string) => {
    executed.push(`good ${text}`);
    return text;
  },
  { name: 'good' },
);
const bad = task(
  async (text: string) => {
    executed.push(`bad ${text}`);
    if (broken) throw new Error('broken');
    return text;
  },
  { name: 'bad' },
);
const count = task(
  async (outcomes: readonly { ok: boolean }[]) => {
    executed.push('count');
    return outcomes.filter(({ ok }) => ok).length;
  },
  { name: 'count' },
);
const strict = flow(async (text: string) => [await good(text), await bad(text)], {
  name: 'strict',
});
const lenient = flow(
  async () => count.submit([allowFailure(bad.submit('b')), allowFailure(good.submit('g'))]),
  { name: 'lenient' },
);

let engine: Engine;

beforeEach(() => {
  executed.length = 0;
  broken = true;
  engine = createEngine({ store: memoryRunStore(), flows: [strict, lenient] });
});

afterEach(() => engine.stop());

describe('engine.retry()', () => {
  it('executes again what failed, with the same arguments, and leaves what completed', async () => {
    const first = await engine.start(strict, ['x']);
    await expect(first.result()).rejects.toThrow('broken');
    broken = false;
    const again = await engine.retry(first.id);
    expect(again.id).toBe(first.id);
    expect(await again.result()).toEqual(['x', 'x']);
    expect(executed).toEqual(['good x', 'bad x', 'bad x']);
    const run = await again.run();
    expect(run).toMatchObject({ generation: 2, state: { type: 'COMPLETED' } });
    const history = await engine.history(first.id);
    expect(history.map(({ generation, state }) => `${generation} ${state.type}`)).toEqual([
      '1 PENDING',
      '1 RUNNING',
      '1 FAILED',
      '2 PENDING',
      '2 RUNNING',
      '2 COMPLETED',
    ]);
    const below = await engine.below(first.id);
    expect(below.map(({ name, generation }) => `${name} ${generation}`)).toEqual([
      'good 1',
      'bad 2',
    ]);
  });

  it('executes again what took a failed one as input, though it had completed', async () => {
    const first = await engine.start(lenient, []);
    expect(await first.result()).toBe(1);
    broken = false;
    expect(await (await engine.retry(first.id)).result()).toBe(2);
    expect(executed.toSorted()).toEqual(['bad b', 'bad b', 'count', 'count', 'good g']);
  });

  it('refuses what is unknown, open, or of a flow that this engine does not know', async () => {
    await expect(engine.retry(newRunId(0))).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
    const first = await engine.start(strict, ['x']);
    await expect(engine.retry(first.id)).rejects.toMatchObject({ code: 'RUN_NOT_ENDED' });
    await first.outcome();
    const [child] = await engine.below(first.id);
    await expect(engine.retry((child ?? first).id)).rejects.toMatchObject({
      code: 'NOT_TOP_LEVEL',
    });

    const store = memoryRunStore();
    const knows = createEngine({ store });
    const run = await knows.start(strict, ['x']);
    await run.outcome();
    const knowsNot = createEngine({ store });
    await expect(knowsNot.retry(run.id)).rejects.toMatchObject({ code: 'FLOW_UNKNOWN' });
    await knows.stop();
  });
});
