import { expectTypeOf, it } from 'vitest';
import {
  createEngine,
  flow,
  memoryRunStore,
  task,
  type Limit,
  type LimitUse,
} from '@holdfast/core';
import { dump, type Db } from './sample.ts';

it('an engine has limits and rates, by name and by tag', () => {
  createEngine({
    store: memoryRunStore(),
    limits: { postgres: 4, api: { rate: 100, per: '1m' } },
    tagLimits: { heavy: 2 },
  });
  expectTypeOf<Limit>().toExtend<number | object>();
  // @ts-expect-error -- a rate needs its span
  createEngine({ store: memoryRunStore(), limits: { api: { rate: 100 } } });
  // @ts-expect-error -- a limit is a number
  createEngine({ store: memoryRunStore(), limits: { postgres: '4' } });
});

it('flows and tasks name the limits that they take shares of', () => {
  task(async (db: Db) => db, { name: 'x', limits: ['postgres', { name: 'api', slots: 2 }] });
  flow(async (db: Db) => dump(db), { name: 'x', limits: ['postgres'], whenLimited: 'refuse' });
  dump.with({ limits: [], whenLimited: 'wait' });
  expectTypeOf<LimitUse>().toEqualTypeOf<
    string | { readonly name: string; readonly slots?: number }
  >();
  // @ts-expect-error -- a list
  task(async (db: Db) => db, { name: 'x', limits: 'postgres' });
  // @ts-expect-error -- the field is called slots
  task(async (db: Db) => db, { name: 'x', limits: [{ name: 'postgres', slot: 2 }] });
  // @ts-expect-error -- it waits or is refused
  task(async (db: Db) => db, { name: 'x', limits: ['postgres'], whenLimited: 'skip' });
});

class Dumps {
  @task({ limits: ['postgres'], whenLimited: 'refuse' })
  async dump(db: Db) {
    return db.name;
  }
}

it('decorators take them, too', () => {
  expectTypeOf<Dumps>().toHaveProperty('dump');
});
