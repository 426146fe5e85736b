import { expectTypeOf, it } from 'vitest';
import {
  flow,
  runContext,
  task,
  type Fitting,
  type TimeWindow,
  type Weekday,
} from '@holdfast/core';

const work = async (n: number): Promise<number> => n;

it('a deadline is a duration or a date, on flows and tasks', () => {
  task(work, { name: 'a', deadline: '1h30m' });
  flow(work, { name: 'b', deadline: 60_000 });
  flow(work, { name: 'c' }).with({ deadline: new Date() });
  flow(work, { name: 'd', deadline: '1h' }).with({ deadline: undefined });
  // @ts-expect-error -- it is said once, for all arguments
  flow(work, { name: 'e', deadline: (n: number) => n });
});

it('a window says when it opens and closes', () => {
  const window = { opens: '01:00', closes: '05:00' } as const;
  task(work, { name: 'a', window });
  flow(work, {
    name: 'b',
    window: { ...window, timeZone: 'UTC', days: ['sat'], ifClosed: 'fail' },
  });
  flow(work, { name: 'c', window }).with({ window: undefined });
  expectTypeOf<NonNullable<TimeWindow['days']>>().toEqualTypeOf<readonly Weekday[]>();
  // @ts-expect-error -- it has no end
  flow(work, { name: 'd', window: { opens: '01:00' } });
  // @ts-expect-error -- there is no such day
  flow(work, { name: 'e', window: { ...window, days: ['monday'] } });
  // @ts-expect-error -- what is closed cannot be skipped
  flow(work, { name: 'f', window: { ...window, ifClosed: 'skip' } });
  // @ts-expect-error -- it is no text
  flow(work, { name: 'g', window: '01:00-05:00' });
});

it('what will not fit is started or skipped', () => {
  task(work, { name: 'a', ifWontFit: 'skip' });
  flow(work, { name: 'b', ifWontFit: 'start' });
  // @ts-expect-error -- it cannot fail
  task(work, { name: 'c', ifWontFit: 'fail' });
});

it('code can ask for its time', () => {
  const { deadline, remaining, fits } = runContext();
  expectTypeOf(deadline).toEqualTypeOf<Date | undefined>();
  expectTypeOf(remaining()).toEqualTypeOf<number>();
  expectTypeOf(fits('dump', 'orders')).toEqualTypeOf<Promise<Fitting>>();
  expectTypeOf<Fitting['usual']>().toEqualTypeOf<number | undefined>();
});
