import { expectTypeOf, it } from 'vitest';
import { allowFailure, submit, type Input, type Inputs, type TaskFuture } from '@holdfast/core';
import {
  archive,
  backup,
  db,
  dump,
  flag,
  gather,
  type identity,
  json,
  loose,
  nothing,
  one,
  opaque,
  tag,
  vault,
  verify,
  type Backup,
  type IsAny,
} from './sample.ts';

const future = dump.submit(db);

it('a call gives the value, a submission a future of it', () => {
  expectTypeOf(dump(db)).toEqualTypeOf<Promise<Backup>>();
  expectTypeOf(future).toEqualTypeOf<TaskFuture<Backup>>();
  expectTypeOf<Awaited<typeof future>>().toEqualTypeOf<Backup>();
  expectTypeOf(nothing.submit()).toEqualTypeOf<TaskFuture<void>>();
});

it('a submission takes a future wherever a call takes a value', () => {
  verify.submit(future);
  verify.submit(future, true);
  verify.submit(backup, flag.submit(true));
  flag.submit(flag.submit(Math.random() > 1));
  archive.submit(future, vault);
  loose.submit(future);
});

it('also within arrays, objects and what is left over', () => {
  const text = one.submit(allowFailure(future));
  tag.submit(['a', text], 'x', text);
  gather.submit({
    dumps: [future, backup],
    at: new Date(),
    opts: { deep: flag.submit(true) },
  });
  gather.submit({ dumps: dump.map([db]), at: new Date() });
  json.submit({ a: [text, 1], b: json.submit(null) });
});

it('a list of futures stands for an array', () => {
  gather.submit({ dumps: verify.map([backup]), at: new Date() });
  tag.submit(one.map(allowFailure(dump.map([db]))));
});

it('what is no plain data is passed as it is', () => {
  opaque.submit(new Uint8Array(1), new Map(), new Set());
  // @ts-expect-error -- no future is looked for in a Map
  opaque.submit(new Uint8Array(1), new Map([['a', length(1)]]), new Set());
  // @ts-expect-error -- nor in a Set
  opaque.submit(new Uint8Array(1), new Map(), new Set([one.submit(allowFailure(future))]));
});

it('futures are looked for four levels deep', () => {
  interface Deep {
    a: { b: { c: { d: number } } };
  }
  const number = tag.submit([]);
  expectTypeOf<{ a: { b: { c: { d: TaskFuture<number> } } } }>().toExtend<Input<Deep>>();
  expectTypeOf({ a: { b: { c: { d: number } } } }).toExtend<Input<Deep>>();
  expectTypeOf<{ x: { a: { b: { c: { d: TaskFuture<number> } } } } }>().not.toExtend<
    Input<{ x: Deep }>
  >();
});

it('an optional parameter stays one, and so does a field', () => {
  type Taken = Inputs<[a: string, b?: number, ...rest: boolean[]]>;
  expectTypeOf<[]>().not.toExtend<Taken>();
  expectTypeOf<[string]>().toExtend<Taken>();
  expectTypeOf<[TaskFuture<string>, TaskFuture<number>, TaskFuture<boolean>]>().toExtend<Taken>();
  gather.submit({ dumps: [], at: new Date() });
});

it('submit() types a method as the task itself is typed', () => {
  expectTypeOf(submit(dump, db)).toEqualTypeOf<TaskFuture<Backup>>();
  submit(verify, future);
  submit(verify, future, flag.submit(true));
  // @ts-expect-error -- the second argument is a vault
  submit(archive, future, 1);
  // @ts-expect-error -- the vault is missing
  submit(archive, future);
});

it('a helper that is async gives the value, not the future', () => {
  const helper = async () => dump.submit({ name: 'x' });
  expectTypeOf<ReturnType<typeof helper>>().toEqualTypeOf<Promise<Backup>>();
});

it('any is neither swallowed nor spread', () => {
  // oxlint-disable-next-line typescript/no-explicit-any -- what a user may write
  expectTypeOf<IsAny<Input<any>>>().toEqualTypeOf<true>();
  expectTypeOf<IsAny<Input<unknown>>>().toEqualTypeOf<false>();
  expectTypeOf<IsAny<Parameters<typeof identity.submit>[0]>>().toEqualTypeOf<false>();
});

function length(n: number): TaskFuture<number> {
  return tag.submit(['a'].slice(n));
}
