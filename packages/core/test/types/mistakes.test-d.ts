import { expectTypeOf, it } from 'vitest';
import {
  flow,
  submit,
  task,
  type Input,
  type Task,
  type TaskMembers,
  type TaskOptions,
} from '@holdfast/core';
import { dump, PgError, type Backup, type Db, type IsAny, type Vault } from './sample.ts';

it('what a task is made of', () => {
  // @ts-expect-error -- a parameter without a type
  task(async (db) => db);
  // @ts-expect-error -- an option that does not exist
  task(async (db: Db) => db, { name: 'x', retrys: 3 });
  // @ts-expect-error -- the field is called name
  task(async (db: Db) => db, { name: 'x', key: (db) => db.nam });
  // @ts-expect-error -- a class is not called
  task(PgError).submit();
  // @ts-expect-error -- the options come second
  task({ name: 'x' }, async (db: Db) => db);
  // @ts-expect-error -- options are no text
  task(async (db: Db) => db, 'dump');
  // @ts-expect-error -- a hook is a function
  task(async (db: Db) => db, { name: 'x', onFailure: 'tell' });
  // @ts-expect-error -- a timeout is no date
  task(async (db: Db) => db, { name: 'x', timeout: new Date() });
  // @ts-expect-error -- how many at once is said of a call, by with()
  task(async (db: Db) => db, { name: 'x', concurrency: 3 });
  // @ts-expect-error -- a key is a text
  task(async (db: Db) => db, { name: 'x', key: (db) => db.port });
  // @ts-expect-error -- the task gives a database, not a number
  task(async (db: Db) => db, { name: 'x', onSuccess: (n: number) => n });
});

it('the same of a flow', () => {
  // @ts-expect-error -- a parameter without a type
  flow(async (db) => db);
  // @ts-expect-error -- an option that does not exist
  flow(async (db: Db) => db, { name: 'x', retrys: 3 });
  // @ts-expect-error -- the options come second
  flow({ name: 'x' }, async (db: Db) => db);
});

function put(this: Vault, backup: Backup): string {
  return this.put(backup);
}

it('a function that declares this cannot be used', () => {
  const bad = task(put, { name: 'put' });
  // @ts-expect-error -- nobody gives it its this
  bad.submit({ id: 'a', bytes: 1 });
  // @ts-expect-error -- nobody gives it its this
  void bad({ id: 'a', bytes: 1 });
});

it('a bare Function cannot be used, and leaks no any', () => {
  const fn = dump as Function;
  // @ts-expect-error -- its arguments are not known
  submit(fn, 1);
  const wrapped = task(fn, { name: 'x' });
  expectTypeOf<IsAny<typeof wrapped>>().toEqualTypeOf<false>();
  type Given = typeof wrapped extends (...args: never) => infer R ? R : never;
  expectTypeOf<Given>().toEqualTypeOf<Promise<unknown>>();
  // @ts-expect-error -- its arguments are not known
  void wrapped(1);
  // @ts-expect-error -- its arguments are not known
  wrapped.submit(1);
});

it('an argument of any leaks into nothing else', () => {
  // oxlint-disable-next-line typescript/no-explicit-any -- what a user may write
  const loose = task(async (x: any) => x as unknown, { name: 'loose' });
  loose.submit(1);
  expectTypeOf<IsAny<Awaited<ReturnType<typeof loose>>>>().toEqualTypeOf<false>();
  expectTypeOf<IsAny<Awaited<ReturnType<typeof loose.submit>>>>().toEqualTypeOf<false>();
});

it('no any in what a task takes and gives', () => {
  const rest = task(async function rest(a: string, ...n: number[]) {
    return [a, n.length] as const;
  });
  expectTypeOf<IsAny<ReturnType<typeof rest>>>().toEqualTypeOf<false>();
  expectTypeOf<IsAny<ReturnType<typeof rest.submit>>>().toEqualTypeOf<false>();
  expectTypeOf<IsAny<Parameters<typeof rest.submit>[0]>>().toEqualTypeOf<false>();
  expectTypeOf<IsAny<Parameters<typeof rest.submit>[1]>>().toEqualTypeOf<false>();
  expectTypeOf<IsAny<Parameters<typeof rest.map>[0]>>().toEqualTypeOf<false>();
  expectTypeOf<IsAny<Parameters<typeof rest.mapArgs>[0]>>().toEqualTypeOf<false>();
  expectTypeOf<IsAny<Parameters<typeof rest.with>[0]>>().toEqualTypeOf<false>();
  expectTypeOf<IsAny<Awaited<ReturnType<typeof rest.map>>>>().toEqualTypeOf<false>();
  expectTypeOf<IsAny<TaskOptions['key']>>().toEqualTypeOf<false>();
});

it('tasks of all kinds go into one list by what they share', () => {
  type AnyTask = ((...args: never) => Promise<unknown>) &
    Pick<TaskMembers<[], unknown, unknown>, 'taskName'>;
  const rest = task(async (a: string, ...n: number[]) => a.length + n.length, { name: 'rest' });
  const list: AnyTask[] = [dump, rest];
  expectTypeOf(list[0]).toEqualTypeOf<AnyTask | undefined>();
  // @ts-expect-error -- a task of unknown arguments is none of these: what it maps differs
  const tasks: Task<(...args: never) => Promise<unknown>>[] = [dump, rest];
  void tasks;
});

it('a service is no plain data', () => {
  class Service {
    readonly #secret = 1;
    id = '';
    get(): number {
      return this.#secret;
    }
  }
  // @ts-expect-error -- nothing of the same shape stands in for a service
  const service: Input<Service> = { id: '', get: () => 1 };
  void service;
});
