import { expectTypeOf, it } from 'vitest';
import { cacheBy, flow, task, type CachePolicy, type Task } from '@holdfast/core';
import { dump, type Backup, type Db } from './sample.ts';

const byName = (db: Db): string => db.name;

it('policies are joined and narrowed, and fit every definition', () => {
  expectTypeOf(cacheBy.inputs.and(cacheBy.source).without('db')).toExtend<CachePolicy>();
  const cached = task(async (db: Db): Promise<Backup> => ({ id: db.name, bytes: 1 }), {
    cache: cacheBy.inputs.and(cacheBy.run),
    cacheFor: '1h',
    refreshCache: true,
  });
  expectTypeOf(cached).toEqualTypeOf<Task<(db: Db) => Promise<Backup>>>();
  flow(async (db: Db) => dump.with({ cache: cacheBy.none })(db), { cache: cacheBy.inputs });
});

it('a function of the arguments is typed by them', () => {
  task(async (db: Db) => db, { name: 'x', cache: (db) => db.name });
  task(async (db: Db) => db, { name: 'x', cache: (db) => (db.port === 1 ? db.name : undefined) });
  task(async (db: Db) => db, { name: 'x', cache: cacheBy.source.and(byName) });
  // @ts-expect-error -- a cache key is a text
  task(async (db: Db) => db, { name: 'x', cache: (db) => db.port });
  // @ts-expect-error -- the task takes a number, not a database
  task(async (n: number) => n, { name: 'x', cache: byName });
  // @ts-expect-error -- nor where the function is part of a policy
  task(async (n: number) => n, { name: 'x', cache: cacheBy.source.and(byName) });
});

class Dumps {
  @task({ cache: cacheBy.inputs.without('deep') })
  async dump(db: Db, deep: boolean) {
    return deep ? db.name : '';
  }

  // @ts-expect-error -- a decorator does not see the parameters of the method
  @task({ cache: byName })
  async verify(db: Db) {
    return db.name;
  }
}

it('what is no policy is refused', () => {
  expectTypeOf<Dumps>().toHaveProperty('dump');
  // @ts-expect-error -- policies are values of cacheBy
  task(async (db: Db) => db, { name: 'x', cache: 'inputs' });
  // @ts-expect-error -- there is no such policy
  task(async (db: Db) => db, { name: 'x', cache: cacheBy.everything });
  // @ts-expect-error -- a time is no duration
  task(async (db: Db) => db, { name: 'x', cache: cacheBy.inputs, cacheFor: new Date() });
});
