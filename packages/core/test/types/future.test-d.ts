import { expectTypeOf, it } from 'vitest';
import {
  allowFailure,
  valuesOf,
  type Outcome,
  type RunId,
  type TaskFuture,
  type TaskFutureList,
  type ValuesOf,
  type Waitable,
} from '@holdfast/core';
import { archive, databases, db, dump, length, one, report, vault, type Backup } from './sample.ts';

const future = dump.submit(db);
const dumps = dump.map(databases);
declare const number: TaskFuture<number>;

it('a future is awaited, or asked how it ended', async () => {
  expectTypeOf(future.result()).toEqualTypeOf<Promise<Backup>>();
  expectTypeOf(future.outcome()).toEqualTypeOf<Promise<Outcome<Backup>>>();
  expectTypeOf(future.runId).toEqualTypeOf<RunId | undefined>();
  expectTypeOf(future.cancel).toEqualTypeOf<(reason?: string) => void>();
  expectTypeOf(await future).toEqualTypeOf<Backup>();
});

it('a list is awaited, gone through, or asked for its outcomes', async () => {
  expectTypeOf(await dumps).toEqualTypeOf<Backup[]>();
  expectTypeOf(dumps.result()).toEqualTypeOf<Promise<Backup[]>>();
  expectTypeOf(dumps.outcomes()).toEqualTypeOf<Promise<Outcome<Backup>[]>>();
  for await (const each of dumps) expectTypeOf(each).toEqualTypeOf<Backup>();
  // oxlint-disable-next-line typescript/await-thenable -- it awaits each
  for await (const each of [future, future]) expectTypeOf(each).toEqualTypeOf<Backup>();
  for await (const { index, outcome } of dumps.asCompleted()) {
    expectTypeOf(index).toEqualTypeOf<number>();
    expectTypeOf(outcome).toEqualTypeOf<Outcome<Backup>>();
  }
});

it('futures go together with Promise.all', async () => {
  const all = await Promise.all([future, dumps]);
  expectTypeOf(all).toEqualTypeOf<[Backup, Backup[]]>();
});

it('allowFailure gives futures of outcomes', () => {
  expectTypeOf(allowFailure(future)).toEqualTypeOf<TaskFuture<Outcome<Backup>>>();
  expectTypeOf(allowFailure(dumps)).toEqualTypeOf<TaskFutureList<Outcome<Backup>>>();
  report.submit(allowFailure(dumps));
  one.map(allowFailure(dumps));
  one.submit(allowFailure(future));
});

it('an outcome tells its value or its error', async () => {
  const outcome = await allowFailure(future);
  if (outcome.ok) {
    expectTypeOf(outcome.value).toEqualTypeOf<Backup>();
    expectTypeOf(outcome.state).toEqualTypeOf<'COMPLETED'>();
  } else {
    expectTypeOf(outcome.error).toEqualTypeOf<Error>();
    expectTypeOf(outcome.state).toEqualTypeOf<'FAILED' | 'CRASHED' | 'CANCELLED' | 'SKIPPED'>();
    // @ts-expect-error -- what failed has no value
    void outcome.value;
  }
});

it('valuesOf gives the values of outcomes, each at its place', async () => {
  expectTypeOf(valuesOf(await dumps.outcomes())).toEqualTypeOf<Backup[]>();
  const both = [await future.outcome(), await length.submit('a').outcome()] as const;
  expectTypeOf(valuesOf(both)).toEqualTypeOf<[Backup, number]>();
  expectTypeOf<ValuesOf<readonly Outcome<Backup>[]>>().toEqualTypeOf<Backup[]>();
  // @ts-expect-error -- futures are no outcomes yet
  valuesOf([future]);
  // @ts-expect-error -- one outcome is no list
  valuesOf(await future.outcome());
});

it('a future of a narrower type stands for one of a wider', () => {
  expectTypeOf<TaskFuture<Backup>>().toExtend<TaskFuture<{ id: string }>>();
  expectTypeOf<TaskFuture<{ id: string }>>().not.toExtend<TaskFuture<Backup>>();
  expectTypeOf<TaskFutureList<Backup>>().toExtend<Waitable>();
  expectTypeOf<Promise<Backup>>().not.toExtend<Waitable>();
});

it('refuses what is no future, or not of this type', async () => {
  // @ts-expect-error -- a number is no backup
  archive.submit(number, vault);
  // @ts-expect-error -- a promise is no future: the task runs whatever becomes of it
  archive.submit(dump(db), vault);
  // @ts-expect-error -- a call takes plain values
  void archive(future, vault);
  // @ts-expect-error -- an outcome may have no value
  void allowFailure(future).then((outcome) => outcome.value);
  // @ts-expect-error -- an outcome is no text
  length.submit(allowFailure(length.submit('a')));
  // @ts-expect-error -- a future has no catch: ask for its outcome, or use allowFailure
  future.catch(() => {});
  // @ts-expect-error -- waitFor takes futures, not promises
  dump.with({ waitFor: [dump(db)] });
  // @ts-expect-error -- a value cannot fail any more
  allowFailure(db);
  // @ts-expect-error -- a promise is no future
  allowFailure(dump(db));
  // @ts-expect-error -- a future is disposed of by nobody
  using kept = future;
  // @ts-expect-error -- not asynchronously either
  // oxlint-disable-next-line typescript/await-thenable -- the mistake itself
  await using awaited = future;
  void [kept, awaited];
});

it('a future is no condition', () => {
  // @ts-expect-error -- a future is always there: await it
  // oxlint-disable-next-line typescript/no-misused-promises -- the mistake itself
  if (future) void 0;
});
