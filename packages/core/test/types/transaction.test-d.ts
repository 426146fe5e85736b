import { expectTypeOf, it } from 'vitest';
import {
  flow,
  secret,
  task,
  transaction,
  type CommitInfo,
  type EngineEventMap,
  type Hooks,
  type Membership,
  type RollbackInfo,
  type TaskRun,
  type Transaction,
  type TransactionHooks,
  type TransactionId,
  type TransactionOptions,
} from '@holdfast/core';
import { dump, type Backup, type Db, type Vault } from './sample.ts';

const db: Db = { name: 'orders', port: 1 };

it('a transaction gives what its code gives, with futures resolved', () => {
  expectTypeOf(transaction(async () => dump(db))).toEqualTypeOf<Promise<Backup>>();
  expectTypeOf(transaction(() => 1)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(transaction(async () => undefined)).toEqualTypeOf<Promise<undefined>>();
  const both = transaction(async (tx) => {
    expectTypeOf(tx).toEqualTypeOf<Transaction>();
    return { one: dump.submit(db), all: dump.map([db]), id: tx.id };
  });
  expectTypeOf(both).toEqualTypeOf<
    Promise<{ one: Backup; all: Backup[]; id: Transaction['id'] }>
  >();
  void transaction(async () => 1, { name: 'copy', commit: 'eager' });
  void transaction(async () => 1, {});
});

it('what a transaction is made of', () => {
  // @ts-expect-error -- the code comes first
  void transaction('copy', async () => 1);
  // @ts-expect-error -- the code comes first
  void transaction({ name: 'copy' }, async () => 1);
  // @ts-expect-error -- an option that does not exist
  void transaction(async () => 1, { name: 'copy', commits: 'eager' });
  // @ts-expect-error -- there is no such time to commit
  void transaction(async () => 1, { commit: 'late' });
  // @ts-expect-error -- a name is a text
  void transaction(async () => 1, { name: 7 });
  // @ts-expect-error -- it is given a transaction, nothing else
  void transaction(async (tx: Transaction, more: number) => more);
});

it('its hooks are told the result, and what they may need in another process', () => {
  task(async (each: Db): Promise<Backup> => dump(each), {
    name: 'copy',
    onCommit: async (backup, info) => {
      expectTypeOf(backup).toEqualTypeOf<Backup>();
      expectTypeOf(info).toEqualTypeOf<CommitInfo>();
      expectTypeOf(info.resource<Vault>('vault')).toEqualTypeOf<Vault>();
      expectTypeOf(await info.secret(secret('env:TOKEN'))).toEqualTypeOf<string>();
      expectTypeOf(info.id).toEqualTypeOf<string>();
    },
    onRollback: (backup, info) => {
      expectTypeOf(backup).toEqualTypeOf<Backup>();
      expectTypeOf(info).toEqualTypeOf<RollbackInfo>();
      expectTypeOf(info.error).toEqualTypeOf<Error>();
      expectTypeOf(info.transaction.name).toEqualTypeOf<string>();
    },
  });
  flow(async (n: number) => String(n), {
    name: 'f',
    onRollback: (text) => {
      expectTypeOf(text).toEqualTypeOf<string>();
    },
  });
  dump.with({
    onRollback: (backup) => {
      expectTypeOf(backup).toEqualTypeOf<Backup>();
    },
  });
  // @ts-expect-error -- the task gives a backup, not a number
  dump.with({ onRollback: (n: number) => void n });
  // @ts-expect-error -- a commit is not told of an error
  dump.with({ onCommit: (_, info) => void info.error });
  // @ts-expect-error -- a decorator cannot see what the method gives
  task({ onRollback: () => undefined });
});

it('a transaction is kept with its runs, and told of', () => {
  expectTypeOf<TaskRun['transaction']>().toEqualTypeOf<Membership | undefined>();
  expectTypeOf<Membership['within']>().toEqualTypeOf<readonly TransactionId[]>();
  expectTypeOf<Transaction['id']>().toEqualTypeOf<TransactionId>();
  expectTypeOf<TransactionOptions['commit']>().toEqualTypeOf<
    'lazy' | 'eager' | 'off' | undefined
  >();
  expectTypeOf<Hooks<Backup>>().toExtend<TransactionHooks<Backup>>();
  expectTypeOf<EngineEventMap['transaction'][0]['outcome']>().toEqualTypeOf<
    'committed' | 'rolled-back'
  >();
  expectTypeOf<EngineEventMap['transaction'][0]['id']>().toEqualTypeOf<TransactionId>();
});
