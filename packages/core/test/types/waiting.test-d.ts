import * as v from 'valibot';
import { expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import {
  flow,
  runContext,
  task,
  type Engine,
  type RecoveryReport,
  type RunId,
} from '@holdfast/core';

declare const engine: Engine;
declare const id: RunId;

it('code sleeps for a duration, or until a date', () => {
  const { sleep } = runContext();
  expectTypeOf(sleep('1h30m')).toEqualTypeOf<Promise<void>>();
  expectTypeOf(sleep(1000)).toEqualTypeOf<Promise<void>>();
  expectTypeOf(sleep(new Date())).toEqualTypeOf<Promise<void>>();
  // @ts-expect-error -- no time
  void sleep({ hours: 1 });
});

it('an input is what its schema gives, or unknown without one', () => {
  const { pauseForInput } = runContext();
  const answer = z.object({ by: z.string(), at: z.coerce.date() });
  expectTypeOf(pauseForInput('a', { schema: answer, timeout: '3d' })).toEqualTypeOf<
    Promise<{ by: string; at: Date }>
  >();
  const count = v.pipe(v.string(), v.transform(Number));
  expectTypeOf(pauseForInput('a', { schema: count })).toEqualTypeOf<Promise<number>>();
  expectTypeOf(pauseForInput('a')).toEqualTypeOf<Promise<unknown>>();
  expectTypeOf(pauseForInput('a', { timeout: 1000 })).toEqualTypeOf<Promise<unknown>>();
  // @ts-expect-error -- a name is a text
  void pauseForInput(1);
  // @ts-expect-error -- no Standard Schema
  void pauseForInput('a', { schema: { type: 'string' } });
});

it('flows and tasks declare their inputs by name', () => {
  flow(async () => 1, { name: 'f', inputs: { approval: z.boolean(), amount: v.number() } });
  task(async () => 1, { name: 't', inputs: { approval: z.boolean() } });
  // @ts-expect-error -- no Standard Schema
  flow(async () => 1, { name: 'f', inputs: { approval: 'boolean' } });
});

it('a value is given to a run under a name', () => {
  expectTypeOf(engine.provideInput(id, 'approval', { ok: true })).toEqualTypeOf<Promise<void>>();
  expectTypeOf<RecoveryReport['waiting'][number]['until']>().toEqualTypeOf<Date | undefined>();
});

it('flows say under what they go on, tasks whether a result still counts', () => {
  flow(async () => 1, {
    name: 'f',
    resumeWithin: '6h',
    resumeOtherVersions: (then, now) => {
      expectTypeOf(then.codeVersion).toEqualTypeOf<string | undefined>();
      return then.gitCommit === now.gitCommit;
    },
  });
  flow(async () => 1, { name: 'f', resumeOtherVersions: 'refuse' });
  // @ts-expect-error -- no such policy
  flow(async () => 1, { name: 'f', resumeOtherVersions: 'ask' });
  // @ts-expect-error -- of flows alone
  task(async () => 1, { name: 't', resumeWithin: '6h' });
  task(async (n: number) => ({ n }), { name: 't', stillValid: ({ n }) => n > 1 });
  task(async (n: number) => ({ n }), { name: 't', stillValid: async ({ n }) => n > 1 });
  // @ts-expect-error -- the result has no such member
  task(async (n: number) => ({ n }), { name: 't', stillValid: ({ m }) => m > 1 });
  // @ts-expect-error -- of tasks alone
  flow(async () => 1, { name: 'f', stillValid: () => true });
});
