import { expectTypeOf, it } from 'vitest';
import { createEngine, flow, memoryRunStore, schedule, type Schedule } from '@holdfast/core';

const tick = flow(async () => 1, { name: 'tick' });
const backup = flow(async (name: string, depth = 1) => `${name}${depth}`, { name: 'backup' });

it('a schedule has times of one kind', () => {
  expectTypeOf(schedule(tick, { cron: '0 2 * * *', timeZone: 'UTC' })).toEqualTypeOf<Schedule>();
  schedule(tick, { every: '1h', anchor: new Date(0) });
  schedule(tick, { at: [new Date()], catchup: 'none', overlap: 'queue', maxLateness: '2h' });
  // @ts-expect-error no times
  schedule(tick, { name: 'x' });
  // @ts-expect-error no such policy
  schedule(tick, { every: '1h', catchup: 'some' });
  // @ts-expect-error no such policy
  schedule(tick, { every: '1h', overlap: 'run' });
});

it('the arguments are those of the flow', () => {
  schedule(backup, { every: '1h', args: ['orders'] });
  schedule(backup, { every: '1h', args: (at) => [at.toISOString(), 2] });
  // @ts-expect-error the flow takes an argument
  schedule(backup, { every: '1h' });
  // @ts-expect-error a text is wanted
  schedule(backup, { every: '1h', args: [1] });
  // @ts-expect-error a text is wanted
  schedule(backup, { every: '1h', args: () => [1] });
});

it('an engine takes schedules', () => {
  const engine = createEngine({
    store: memoryRunStore(),
    schedules: [schedule(tick, { every: '1h' })],
  });
  expectTypeOf(engine.schedules.pause).toEqualTypeOf<(name: string) => Promise<void>>();
  expectTypeOf(engine.serve).toBeCallableWith({ recoverEvery: '10s' });
});
