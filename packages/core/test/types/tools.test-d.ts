import type { Transform } from 'node:stream';
import { expectTypeOf, it } from 'vitest';
import {
  createScrubber,
  decideRetry,
  durationMs,
  firstRunId,
  HoldfastError,
  isHoldfastError,
  isRunId,
  isSecret,
  LOG_LEVELS,
  newRunId,
  resolveSecret,
  retryPolicy,
  Scrubber,
  scrubStream,
  secret,
  silentLogger,
  sleep,
  systemClock,
  systemRandom,
  uuidv7,
  type Backoff,
  type Clock,
  type Duration,
  type HoldfastErrorOptions,
  type LogEntry,
  type LogLevel,
  type LogMethod,
  type RandomBytes,
  type RetryDecision,
  type RetryPolicy,
  type RunId,
  type RunLogger,
  type Secret,
  type SecretResolver,
  type SecretResolvers,
  type Timer,
} from '@holdfast/core';

it('errors have a code, and are told by it', () => {
  const options: HoldfastErrorOptions = { hint: 'Try again.', context: { n: 1 } };
  const error: unknown = new HoldfastError('X_Y', 'no', options);
  if (isHoldfastError(error)) {
    expectTypeOf(error).toEqualTypeOf<HoldfastError>();
    expectTypeOf(error.hint).toEqualTypeOf<string | undefined>();
    expectTypeOf(error.retryable).toEqualTypeOf<boolean>();
    // @ts-expect-error -- a code is not changed
    error.code = 'Z';
  }
  // @ts-expect-error -- facts are JSON
  void new HoldfastError('X_Y', 'no', { context: { at: new Date() } });
  // @ts-expect-error -- a message is needed
  void new HoldfastError('X_Y');
});

it('durations are numbers or texts', () => {
  expectTypeOf(durationMs('1h30m')).toEqualTypeOf<number>();
  expectTypeOf<'90s'>().toExtend<Duration>();
  expectTypeOf<90>().toExtend<Duration>();
  // @ts-expect-error -- a date is no duration
  durationMs(new Date());
});

it('ids are branded', () => {
  expectTypeOf(newRunId(1)).toEqualTypeOf<RunId>();
  expectTypeOf(firstRunId(1)).toEqualTypeOf<RunId>();
  expectTypeOf(uuidv7(1, systemRandom)).toEqualTypeOf<string>();
  expectTypeOf(systemRandom).toEqualTypeOf<RandomBytes>();
  const text = uuidv7(1);
  if (isRunId(text)) expectTypeOf(text).toEqualTypeOf<RunId>();
  // @ts-expect-error -- any text is no id
  const id: RunId = text;
  void id;
});

it('time is a port', () => {
  expectTypeOf(systemClock).toEqualTypeOf<Clock>();
  expectTypeOf(systemClock.setTimer(1, () => undefined)).toEqualTypeOf<Timer>();
  expectTypeOf(sleep(systemClock, 1, new AbortController().signal)).toEqualTypeOf<Promise<void>>();
  // @ts-expect-error -- milliseconds
  void sleep(systemClock, '1s');
  // @ts-expect-error -- a clock sets timers, too
  const clock: Clock = { now: () => 1 };
  void clock;
});

it('secrets are references, resolved where they are used', () => {
  const vault: SecretResolver = async (name) => (name === 'x' ? 'value' : undefined);
  const resolvers: SecretResolvers = { vault };
  const given: unknown = secret('vault:x');
  if (isSecret(given)) {
    expectTypeOf(given).toEqualTypeOf<Secret>();
    expectTypeOf(resolveSecret(given, resolvers, process.env)).toEqualTypeOf<Promise<string>>();
    // @ts-expect-error -- a reference has no value
    void given.value;
  }
  expectTypeOf(createScrubber()).toEqualTypeOf<Scrubber>();
  expectTypeOf(scrubStream(new Scrubber())).toEqualTypeOf<Transform>();
  // @ts-expect-error -- a resolver gives a text
  const wrong: SecretResolver = () => 5;
  void wrong;
});

it('a logger is pino-shaped', () => {
  expectTypeOf(silentLogger).toEqualTypeOf<RunLogger>();
  expectTypeOf(silentLogger.info).toEqualTypeOf<LogMethod>();
  expectTypeOf(LOG_LEVELS[0] as (typeof LOG_LEVELS)[number]).toEqualTypeOf<LogLevel>();
  expectTypeOf<LogEntry['level']>().toEqualTypeOf<LogLevel>();
});

it('the retry policy can be asked by itself', () => {
  const policy = retryPolicy({ limit: 3, delay: '1s' }, undefined, 'My task');
  expectTypeOf(policy).toEqualTypeOf<RetryPolicy>();
  expectTypeOf(policy.backoff).toEqualTypeOf<Backoff>();
  const decision = decideRetry(policy, new Error('no'), { attempt: 1, elapsed: 0 }, 0.5);
  expectTypeOf(decision).toEqualTypeOf<RetryDecision>();
  if (decision.retry) expectTypeOf(decision.delay).toEqualTypeOf<number>();
  // @ts-expect-error -- only a retry has a delay
  else void decision.delay;
  // @ts-expect-error -- chance is given, so that it can be repeated
  decideRetry(policy, new Error('no'), { attempt: 1, elapsed: 0 });
});
