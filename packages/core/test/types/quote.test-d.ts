import { expectTypeOf, it } from 'vitest';
import { flow, quote, task, type Quoted, type Resolved, type TaskFuture } from '@holdfast/core';
import { backup, db, dump, gather, length, verify, type Backup } from './sample.ts';

const watch = task(async (futures: readonly TaskFuture<Backup>[]) => futures.length, {
  name: 'watch',
});

it('a quote stands for a value wherever a future may', () => {
  expectTypeOf(quote(backup)).toEqualTypeOf<Quoted<Backup>>();
  verify.submit(quote(backup));
  verify.map([quote(backup), backup], quote(true));
  length.mapArgs([[quote('a')]]);
  gather.submit({ dumps: quote([backup]), at: quote(new Date()) });
});

it('futures within it reach the task as futures', () => {
  watch.submit(quote([dump.submit(db)]));
  // @ts-expect-error -- the task wants futures, not what they give
  watch.submit(quote([backup]));
  // @ts-expect-error -- quoted futures are not awaited: the task wants backups
  gather.submit(quote({ dumps: [dump.submit(db)], at: new Date() }));
});

it('is of the type that the task takes', () => {
  // @ts-expect-error -- a number is no text
  length.submit(quote(1));
  // @ts-expect-error -- a call takes plain values
  void length(quote('a'));
  // @ts-expect-error -- nothing waits for a quote
  length.with({ waitFor: [quote('a')] });
  // @ts-expect-error -- a quote is no value: it has no members
  void quote(backup).id;
});

it('that a flow returns is the value', () => {
  const quoting = flow(async () => ({ all: quote([1]), one: dump.submit(db) }), { name: 'q' });
  expectTypeOf(quoting()).resolves.toEqualTypeOf<{ all: number[]; one: Backup }>();
  expectTypeOf<Resolved<Quoted<string>>>().toEqualTypeOf<string>();
});
