import { expectTypeOf, it } from 'vitest';
import { allowFailure, map, task, type TaskFutureList } from '@holdfast/core';
import {
  archive,
  backup,
  count,
  databases,
  db,
  dump,
  either,
  flag,
  length,
  list,
  loose,
  one,
  opaque,
  tag,
  vault,
  verify,
  type Backup,
  type Db,
} from './sample.ts';

async function* paged(): AsyncGenerator<Db> {
  yield* databases;
}
const future = dump.submit(db);
const dumps = dump.map(databases);

it('a map over anything that can be gone through gives a list of futures', () => {
  expectTypeOf(dumps).toEqualTypeOf<TaskFutureList<Backup>>();
  dump.map(new Set(databases));
  dump.map(databases as readonly { name: string }[]);
  dump.map(paged());
  dump.map(list.submit());
  dump.map([db, task(async () => db, { name: 'pick' }).submit()]);
});

it('the first argument is mapped, the rest is passed whole', () => {
  verify.map(dumps);
  const checked = verify.map(dumps, true);
  verify.map(dumps, flag.submit(true));
  expectTypeOf(archive.map(checked, vault)).toEqualTypeOf<TaskFutureList<string>>();
  tag.map([['a'], ['b', 'c']], 'whole', 'strings');
  length.map(['a', 'b']);
  either.map([['a'], 'b']);
  loose.map([1, [2]]);
  opaque.map([new Uint8Array(1)], new Map(), new Set());
});

it('what could itself be gone through is passed whole all the same', () => {
  const mixed = task(
    async (each: Backup, names: Iterable<string>, bytes: number | Uint8Array) =>
      each.bytes + [...names].length + Number(bytes),
    { name: 'mixed' },
  );
  mixed.map([backup], ['ab', 'cd'], new Uint8Array(4));
  mixed.map([future], new Set(['ab']), 1);
});

it('mapArgs takes lists of arguments', () => {
  archive.mapArgs([
    [backup, vault],
    [future, vault],
  ]);
  archive.mapArgs([
    [backup, vault],
    [future, vault],
  ] as const);
  verify.mapArgs([[backup], [backup, true]]);
  const result = archive.mapArgs(new Set([[backup, vault] as [Backup, typeof vault]]));
  expectTypeOf(result).toEqualTypeOf<TaskFutureList<string>>();
});

it('with() sets whether a list stops at a failure', () => {
  const given = dump.with({ stopOnFailure: true, concurrency: 2 });
  expectTypeOf(given.map(databases)).toEqualTypeOf<TaskFutureList<Backup>>();
  // @ts-expect-error -- yes or no
  dump.with({ stopOnFailure: 1 });
  // @ts-expect-error -- it is said of a call, by with()
  task(async () => 1, { name: 'x', stopOnFailure: true });
  // @ts-expect-error -- a flow is not mapped
  count.with({ stopOnFailure: true });
});

it('with() sets how many run at once', () => {
  const given = dump.with({ waitFor: [dumps, future], concurrency: 4, key: (each) => each.name });
  expectTypeOf(given.map(databases)).toEqualTypeOf<TaskFutureList<Backup>>();
});

it('map() types a method as the task itself is typed', () => {
  expectTypeOf(map(dump, databases)).toEqualTypeOf<TaskFutureList<Backup>>();
  expectTypeOf(map(archive, dumps, vault)).toEqualTypeOf<TaskFutureList<string>>();
  // @ts-expect-error -- the items are databases
  map(dump, [1]);
  // @ts-expect-error -- the vault is missing
  map(archive, dumps);
});

it('outcomes are mapped like values', () => {
  one.map(allowFailure(dumps));
  // @ts-expect-error -- an outcome is no backup
  verify.map(allowFailure(dumps));
});

it('refuses what cannot be mapped', () => {
  // @ts-expect-error -- a text is no list of characters
  length.map('abc');
  // @ts-expect-error -- one database is no list of them
  dump.map(db);
  // @ts-expect-error -- the field is called name
  dump.map([{ nam: 'x' }]);
  // @ts-expect-error -- the vault is missing
  archive.map(dumps);
  // @ts-expect-error -- the rest is passed whole, not mapped
  archive.map([future], [vault]);
  // @ts-expect-error -- the task gives a text, whose characters are no databases
  dump.map(task(async () => 'x', { name: 'text' }).submit());
  // @ts-expect-error -- each list of arguments holds a vault
  archive.mapArgs([[future]]);
  // @ts-expect-error -- arguments are in their order
  archive.mapArgs([[vault, backup]]);
  // @ts-expect-error -- a list is lazy: its members cannot be taken at once
  const members: Iterable<unknown> = length.map(['a']);
  // @ts-expect-error -- nor does it know its length
  void [members, dumps.length];
  async function* futures(): AsyncGenerator<{ future: typeof future }> {
    yield { future };
  }
  // @ts-expect-error -- an asynchronous iterable carries values, not futures
  dump.map(futures());
});
