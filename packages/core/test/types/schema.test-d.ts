import * as v from 'valibot';
import { expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { flow, task, type TaskFuture } from '@holdfast/core';

const database = z.object({ name: z.string(), port: z.number().default(5432) });

interface Given {
  name: string;
  port?: number | undefined;
}

interface Checked {
  name: string;
  port: number;
}

it('callers give what a schema takes, the function gets what it gives', () => {
  const dump = task.input(database)(
    async (db) => {
      expectTypeOf(db).toEqualTypeOf<Checked>();
      return db.port;
    },
    {
      name: 'dump',
      key: (db) => {
        expectTypeOf(db).toEqualTypeOf<Given>();
        return db.name;
      },
      onSuccess: (port) => {
        expectTypeOf(port).toEqualTypeOf<number>();
      },
    },
  );
  expectTypeOf<Parameters<typeof dump>[0]>().toEqualTypeOf<Given>();
  expectTypeOf<ReturnType<typeof dump>>().toEqualTypeOf<Promise<number>>();
  expectTypeOf(dump.submit({ name: 'a' })).toEqualTypeOf<TaskFuture<number>>();
  dump.map([{ name: 'a' }]);
  // @ts-expect-error -- the name is missing
  void dump({ port: 1 });
  // @ts-expect-error -- a port is a number
  dump.submit({ name: 'a', port: '1' });
});

it('valibot does as zod does', () => {
  const schema = v.object({ name: v.string(), port: v.optional(v.number(), 1) });
  const dump = task.input(schema)(
    async (db) => {
      expectTypeOf(db).toEqualTypeOf<Checked>();
      return db.name;
    },
    { name: 'dump' },
  );
  expectTypeOf<Parameters<typeof dump>[0]>().toEqualTypeOf<Given>();
  expectTypeOf<ReturnType<typeof dump>>().toEqualTypeOf<Promise<string>>();
  const annotated = task(async (db: Checked) => db.port, { name: 'dump', input: schema });
  expectTypeOf<Parameters<typeof annotated>[0]>().toEqualTypeOf<Given>();
});

it('one schema a parameter, of either library', () => {
  const two = task.input([z.string(), v.number()])(
    async (text, times) => {
      expectTypeOf(text).toEqualTypeOf<string>();
      expectTypeOf(times).toEqualTypeOf<number>();
      return text.repeat(times);
    },
    { name: 'two' },
  );
  expectTypeOf<Parameters<typeof two>>().toEqualTypeOf<[string, number]>();
  // @ts-expect-error -- the second argument is missing
  void two('a');
});

it('a schema that changes the type is taken at its word', () => {
  const since = task.input(z.string().transform((text) => new Date(text)))(
    async (date) => {
      expectTypeOf(date).toEqualTypeOf<Date>();
      return date.getTime();
    },
    { name: 'since' },
  );
  expectTypeOf<Parameters<typeof since>[0]>().toEqualTypeOf<string>();
});

it('a function with types of its own is checked against its schema', () => {
  const dump = task(async (db: Checked) => db.port, {
    name: 'dump',
    input: database,
    key: (db) => {
      expectTypeOf(db).toEqualTypeOf<Given>();
      return db.name;
    },
  });
  expectTypeOf<ReturnType<typeof dump>>().toEqualTypeOf<Promise<number>>();
  expectTypeOf<Parameters<typeof dump>[0]>().toEqualTypeOf<Given>();
  dump.submit({ name: 'a' });
  task(async (text: string, times: number) => text.repeat(times), {
    name: 'two',
    input: [z.string(), z.number()],
  });
  // @ts-expect-error -- the schema gives another field than the function takes
  task(async (db: Checked) => db.name, { name: 'x', input: z.object({ nam: z.string() }) });
  // @ts-expect-error -- two schemas for one parameter of another type
  task(async (text: string) => text, { name: 'x', input: [z.number(), z.number()] });
  // @ts-expect-error -- a plain object is no schema
  task(async (text: string) => text, { name: 'x', input: { type: 'string' } });
});

it('a flow checks its arguments likewise', () => {
  const nightly = flow(async (dbs: Checked[]) => dbs.map((db) => db.port), {
    name: 'nightly',
    input: z.array(database),
  });
  expectTypeOf<Parameters<typeof nightly>[0]>().toEqualTypeOf<Given[]>();
  expectTypeOf(nightly([{ name: 'a' }])).toEqualTypeOf<Promise<number[]>>();
  // @ts-expect-error -- the schema gives texts, the flow takes databases
  flow(async (dbs: Checked[]) => dbs, { name: 'x', input: z.array(z.string()) });
});
