import { expectTypeOf, it } from 'vitest';
import { group, type GroupOptions, type TaskFuture } from '@holdfast/core';
import { databases, db, dump, length, type Backup } from './sample.ts';

it('a group gives what its code gives, with the futures in it resolved', () => {
  expectTypeOf(group('g', { concurrency: 4 }, async () => 'x')).toEqualTypeOf<Promise<string>>();
  expectTypeOf(group('g', {}, () => dump.map(databases))).toEqualTypeOf<Promise<Backup[]>>();
  expectTypeOf(group('g', {}, () => dump.submit(db))).toEqualTypeOf<Promise<Backup>>();
  const several = group('g', {}, async () => ({ one: dump.submit(db), all: dump.map(databases) }));
  expectTypeOf(several).resolves.toEqualTypeOf<{ one: Backup; all: Backup[] }>();
  expectTypeOf(group('g', {}, async () => {})).toEqualTypeOf<Promise<void>>();
  expectTypeOf(group('outer', {}, () => group('inner', {}, () => 1))).toEqualTypeOf<
    Promise<number>
  >();
  expectTypeOf<GroupOptions>().toEqualTypeOf<{ concurrency?: number }>();
});

it('refuses what is no group', () => {
  // @ts-expect-error -- a group has a name
  void group({ concurrency: 2 }, async () => 1);
  // @ts-expect-error -- its options come before its code
  void group('g', async () => 1);
  // @ts-expect-error -- a number of places is no text
  void group('g', { concurrency: '2' }, async () => 1);
  // @ts-expect-error -- there is no such option
  void group('g', { limit: 2 }, async () => 1);
  // @ts-expect-error -- its code takes nothing
  void group('g', {}, async (n: number) => n);
  // @ts-expect-error -- a future is no code
  void group('g', {}, dump.submit(db));
  // @ts-expect-error -- its value is no future: await it
  const future: TaskFuture<number> = group('g', {}, () => length.submit('a'));
  void future;
});
