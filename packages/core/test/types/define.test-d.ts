import { expectTypeOf, it } from 'vitest';
import {
  flow,
  task,
  whenError,
  type Flow,
  type HookInfo,
  type RetryInfo,
  type Task,
  type TaskOptions,
} from '@holdfast/core';
import {
  identity,
  PgError,
  type length,
  type verify,
  type Backup,
  type Db,
  type IsAny,
} from './sample.ts';

const toBackup = async (db: Db): Promise<Backup> => ({ id: db.name, bytes: 1 });

it('a task is called like the function it wraps', () => {
  const dump = task(toBackup, { name: 'dump' });
  expectTypeOf(dump).toEqualTypeOf<Task<(db: Db) => Promise<Backup>>>();
  expectTypeOf<Parameters<typeof dump>>().toEqualTypeOf<[db: Db]>();
  expectTypeOf(dump.taskName).toEqualTypeOf<string>();
  expectTypeOf(dump).toExtend<(db: Db) => Promise<Backup>>();
});

it('a function that gives no promise becomes one that does', () => {
  expectTypeOf<ReturnType<typeof length>>().toEqualTypeOf<Promise<number>>();
  expectTypeOf<Parameters<typeof length>>().toEqualTypeOf<[text: string]>();
});

it('a default makes a parameter optional, and types it', () => {
  expectTypeOf<Parameters<typeof verify>>().toEqualTypeOf<
    [each: Backup, deep?: boolean | undefined]
  >();
  expectTypeOf<ReturnType<typeof verify>>().toEqualTypeOf<
    Promise<{ deep: boolean; id: string; bytes: number }>
  >();
});

it('a generic task stays generic when called, and gives unknown when submitted', () => {
  const five = identity(5 as const);
  expectTypeOf(five).toEqualTypeOf<Promise<5>>();
  expectTypeOf<Awaited<ReturnType<typeof identity.submit>>>().toEqualTypeOf<unknown>();
});

it('an overloaded task keeps its overloads when called, and the last one when submitted', () => {
  interface Overloaded {
    (a: string): Promise<string>;
    (a: number): Promise<number>;
  }
  const over = task(identity as unknown as Overloaded, { name: 'over' });
  expectTypeOf(over('a')).toEqualTypeOf<Promise<string>>();
  expectTypeOf(over(1)).toEqualTypeOf<Promise<number>>();
  over.submit(1);
  // @ts-expect-error -- the inference of overloads sees the last one only
  over.submit('a');
});

it('options are typed by the function', () => {
  task(toBackup, {
    name: 'dump',
    description: 'Dumps',
    version: '2026-01',
    tags: ['night'],
    retries: {
      limit: 3,
      delay: '10s',
      backoff: 'exponential',
      factor: 3,
      maxDelay: '5m',
      jitter: true,
      maxElapsed: '1h',
    },
    timeout: '30m',
    grace: 500,
    maxRecoveries: 1,
    key: (db) => {
      expectTypeOf(db).toEqualTypeOf<Db>();
      return db.name;
    },
    runName: (db) => {
      expectTypeOf(db).toEqualTypeOf<Db>();
      return db.name;
    },
    retryIf: (error, info) => {
      expectTypeOf(error).toEqualTypeOf<unknown>();
      expectTypeOf(info).toEqualTypeOf<RetryInfo>();
      return info.attempt < 3;
    },
  });
  flow(async (dbs: Db[]) => dbs.length, {
    name: 'nightly',
    durable: true,
    version: 'v2',
    timeout: '4h',
    retries: 2,
    runName: 'Nightly',
    key: (dbs) => {
      expectTypeOf(dbs).toEqualTypeOf<Db[]>();
      return String(dbs.length);
    },
    onSuccess: (value) => {
      expectTypeOf(value).toEqualTypeOf<number>();
    },
  });
});

it('a version is a text', () => {
  // @ts-expect-error -- a number is no text
  task(toBackup, { name: 'a', version: 2 });
  // @ts-expect-error -- neither is it for a flow
  flow(toBackup, { name: 'a', version: 2 });
});

it('hooks are told what they are about', () => {
  task(toBackup, {
    name: 'dump',
    onStart: (info) => {
      expectTypeOf(info).toEqualTypeOf<HookInfo>();
    },
    onSuccess: async (value, info) => {
      expectTypeOf(value).toEqualTypeOf<Backup>();
      expectTypeOf(info).toEqualTypeOf<HookInfo>();
    },
    onFailure: (error, info) => {
      expectTypeOf(error).toEqualTypeOf<Error>();
      expectTypeOf(info.state.type).toEqualTypeOf<HookInfo['state']['type']>();
    },
    onRetry: (error) => {
      expectTypeOf(error).toEqualTypeOf<Error>();
    },
    onCancel: (reason) => {
      expectTypeOf(reason).toEqualTypeOf<string>();
    },
    onCrash: (error) => {
      expectTypeOf(error).toEqualTypeOf<Error>();
    },
    onSkip: (reason) => {
      expectTypeOf(reason).toEqualTypeOf<string>();
    },
  });
});

it('the delay of a retry is a duration, a list of them, or a function', () => {
  task(toBackup, { name: 'a', retries: 3 });
  task(toBackup, { name: 'a', retries: { limit: 3, delay: ['1s', 5000, '1m'] } });
  task(toBackup, { name: 'a', retries: { limit: 3, delay: (info) => info.elapsed * 2 } });
  // @ts-expect-error -- a policy says how often
  task(toBackup, { name: 'a', retries: { delay: '1s' } });
  // @ts-expect-error -- there is no such backoff
  task(toBackup, { name: 'a', retries: { limit: 1, backoff: 'quadratic' } });
});

it('whenError types the error of a class', () => {
  const dump = task(toBackup, {
    name: 'dump',
    retryIf: whenError(PgError, (error) => {
      expectTypeOf(error).toEqualTypeOf<PgError>();
      return error.sqlState === '40001';
    }),
  });
  expectTypeOf(dump.with({ retryIf: whenError(PgError) })).toEqualTypeOf<typeof dump>();
  // @ts-expect-error -- its errors have no such field
  whenError(PgError, (error) => error.sqlStat === '40001');
  // @ts-expect-error -- a Date is no error
  whenError(Date);
});

it('with() takes the options of a call beside those of the task', () => {
  const dump = task(toBackup, { name: 'dump' });
  const derived = dump.with({
    waitFor: [],
    concurrency: 4,
    retries: 1,
    key: (db) => {
      expectTypeOf(db).toEqualTypeOf<Db>();
      return db.name;
    },
    onSuccess: (value) => {
      expectTypeOf(value).toEqualTypeOf<Backup>();
    },
  });
  expectTypeOf(derived).toEqualTypeOf<typeof dump>();
  const nightly = flow(async (n: number) => n, { name: 'nightly' });
  expectTypeOf(nightly.with({ timeout: '1h', durable: true })).toEqualTypeOf<typeof nightly>();
  expectTypeOf(nightly).toEqualTypeOf<Flow<(n: number) => Promise<number>>>();
  expectTypeOf(nightly.flowName).toEqualTypeOf<string>();
});

it('options can be written ahead, for a task of any kind', () => {
  const patient = { retries: 3, timeout: '1h' } satisfies TaskOptions;
  task(toBackup, { name: 'dump', ...patient });
  task(toBackup, patient);
});

it('a task of a task is the task', () => {
  const dump = task(toBackup, { name: 'dump' });
  expectTypeOf<Parameters<typeof dump.submit>>().toEqualTypeOf<
    Parameters<ReturnType<typeof again>['submit']>
  >();
  const again = () => task(dump);
  expectTypeOf<IsAny<ReturnType<typeof again>>>().toEqualTypeOf<false>();
});
