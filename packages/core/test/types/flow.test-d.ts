import { expectTypeOf, it } from 'vitest';
import { allowFailure, flow, type Outcome, type Resolved, type TaskFuture } from '@holdfast/core';
import {
  archive,
  count,
  dump,
  length,
  report,
  vault,
  verify,
  type Backup,
  type Db,
} from './sample.ts';

const nightly = flow(
  async (databases: Db[]) => {
    const dumps = dump.map(databases);
    const checked = verify.map(dumps, true);
    const copies = await archive.map(checked, vault);
    const reported = report.submit(allowFailure(dumps));
    return { reported, dumps, copies, at: new Date() };
  },
  { name: 'nightly' },
);

interface NightlyResult {
  reported: number;
  dumps: Backup[];
  copies: string[];
  at: Date;
}

it('a flow gives its value with the futures in it resolved', () => {
  expectTypeOf<ReturnType<typeof nightly>>().resolves.toExtend<NightlyResult>();
  expectTypeOf<NightlyResult>().toExtend<Awaited<ReturnType<typeof nightly>>>();
  expectTypeOf<Parameters<typeof nightly>>().toEqualTypeOf<[databases: Db[]]>();
});

it('a future that is returned is its value', () => {
  const last = flow(
    async () => {
      return dump.map([]);
    },
    { name: 'last' },
  );
  expectTypeOf(last()).toEqualTypeOf<Promise<Backup[]>>();
  const sync = flow(() => dump.submit({ name: 'x' }), { name: 'sync' });
  expectTypeOf(sync()).toEqualTypeOf<Promise<Backup>>();
});

it('Resolved reaches any depth of plain data, and leaves the rest as it is', () => {
  expectTypeOf<Resolved<TaskFuture<number>>>().toEqualTypeOf<number>();
  expectTypeOf<Resolved<Promise<TaskFuture<number>>>>().toEqualTypeOf<number>();
  expectTypeOf<Resolved<[TaskFuture<number>, string]>>().toEqualTypeOf<[number, string]>();
  expectTypeOf<Resolved<{ a: { b: TaskFuture<number> } }>>().toEqualTypeOf<{ a: { b: number } }>();
  expectTypeOf<Resolved<{ a: TaskFuture<number>[] }>>().toEqualTypeOf<{ a: number[] }>();
  expectTypeOf<Resolved<{ a: [{ b: TaskFuture<number> }] }>>().toEqualTypeOf<{
    a: [{ b: number }];
  }>();
  expectTypeOf<Resolved<{ a?: TaskFuture<number> }>>().toEqualTypeOf<{ a?: number }>();
  expectTypeOf<Resolved<TaskFuture<number> | undefined>>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Resolved<{ a: TaskFuture<number> | undefined }>>().toEqualTypeOf<{
    a: number | undefined;
  }>();
  expectTypeOf<Resolved<{ [name: string]: TaskFuture<number> }>>().toEqualTypeOf<{
    [name: string]: number;
  }>();
  expectTypeOf<Resolved<Date>>().toEqualTypeOf<Date>();
  expectTypeOf<Resolved<Map<string, number>>>().toEqualTypeOf<Map<string, number>>();
  expectTypeOf<Resolved<Backup[]>>().toEqualTypeOf<Backup[]>();
  expectTypeOf<Resolved<Outcome<Backup>>>().toEqualTypeOf<Outcome<Backup>>();
  expectTypeOf<Resolved<unknown>>().toEqualTypeOf<unknown>();
  expectTypeOf<Resolved<void>>().toEqualTypeOf<void>();
});

it('a flow is called within another like a function', () => {
  const outer = flow(async () => (await count([])) + 1, { name: 'outer' });
  expectTypeOf(outer()).toEqualTypeOf<Promise<number>>();
  // @ts-expect-error -- a flow is called; only tasks are submitted
  count.submit([]);
  // @ts-expect-error -- the argument is missing
  void count();
});

it('options are typed by the function, defaults included', () => {
  const paged = flow(async (page = 1, size?: number) => page + (size ?? 0), {
    name: 'paged',
    key: (page, size) => {
      expectTypeOf(page).toEqualTypeOf<number | undefined>();
      expectTypeOf(size).toEqualTypeOf<number | undefined>();
      return `${page}`;
    },
  });
  expectTypeOf<Parameters<typeof paged>>().toEqualTypeOf<
    [page?: number | undefined, size?: number | undefined]
  >();
  // @ts-expect-error -- a key is made of this flow's arguments
  flow(async (n: number) => n, { name: 'x', key: (s: string) => s });
  // @ts-expect-error -- concurrency is a matter of a map
  flow(async (n: number) => n, { name: 'x', concurrency: 3 });
  // @ts-expect-error -- waitFor is said of a task, by with()
  count.with({ waitFor: [length.submit('a')] });
});
