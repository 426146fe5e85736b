import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { createEngine, flow, memoryRunStore, task } from '@holdfast/core';

describe('what is told of runs', () => {
  it('is told in the context in which they were called, also where one commit has runs of many', async () => {
    const host = new AsyncLocalStorage<string>();
    const hooks: [owner: number, context: string | undefined][] = [];
    const events: typeof hooks = [];
    const note = task(async (owner: number) => owner, {
      name: 'note',
      onSuccess: (owner) => void hooks.push([owner, host.getStore()]),
    });
    const f = flow(async (owner: number) => Promise.all([note(owner), note(owner)]), { name: 'f' });
    const engine = createEngine({ store: memoryRunStore() });
    engine.events.on('state', ({ run, state }) => {
      if (run.kind !== 'task' || state.type !== 'COMPLETED' || !('inline' in state.result)) return;
      events.push([state.result.inline as number, host.getStore()]);
    });
    const owners = [1, 2, 3];
    await Promise.all(owners.map((owner) => host.run(`of ${owner}`, () => engine.run(f, [owner]))));
    await engine.stop();
    const expected = owners.flatMap((owner) => [
      [owner, `of ${owner}`],
      [owner, `of ${owner}`],
    ]);
    expect(hooks.toSorted(([a], [b]) => a - b)).toEqual(expected);
    expect(events.toSorted(([a], [b]) => a - b)).toEqual(expected);
  });
});
