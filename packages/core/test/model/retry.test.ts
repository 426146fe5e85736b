import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HoldfastError } from '../../src/errors/holdfast-error.ts';
import { decideRetry, retryPolicy, whenError, type Retries } from '../../src/policies/retry.ts';

const INFO = { attempt: 1, elapsed: 0 };

function delays(retries: Retries, count: number, random = 0): (number | string)[] {
  const policy = retryPolicy(retries, undefined, 'The task');
  return Array.from({ length: count }, (_, at) => {
    const decision = decideRetry(policy, new Error('no'), { attempt: at + 1, elapsed: 0 }, random);
    return decision.retry ? decision.delay : decision.reason;
  });
}

describe('the wait before a retry', () => {
  it('is fixed, a list of which the last repeats, exponential, or what a function says', () => {
    expect(delays({ limit: 3 }, 4)).toEqual([0, 0, 0, 'exhausted']);
    expect(delays({ limit: 3, delay: '1s' }, 3)).toEqual([1000, 1000, 1000]);
    expect(delays({ limit: 4, delay: [1, '1s'] }, 4)).toEqual([1, 1000, 1000, 1000]);
    const doubling = { limit: 4, delay: '1s', backoff: 'exponential' } as const;
    expect(delays(doubling, 4)).toEqual([1000, 2000, 4000, 8000]);
    expect(delays({ ...doubling, factor: 3, maxDelay: '5s' }, 4)).toEqual([1000, 3000, 5000, 5000]);
    expect(delays({ limit: 2, delay: ({ attempt }) => attempt * 10 }, 2)).toEqual([10, 20]);
    expect(delays({ limit: 99, delay: '1h', backoff: 'exponential' }, 30).at(-1)).toBe(3_600_000);
  });

  it('lets a function meet maxDelay too', () => {
    expect(delays({ limit: 1, delay: () => '1h', maxDelay: '1m' }, 1)).toEqual([60_000]);
  });

  it('is spread by the jitter between a part of the delay and all of it, as chance says', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 0.999999, noNaN: true }),
        fc.integer({ min: 1, max: 20 }),
        (jitter, random, attempt) => {
          const policy = retryPolicy({ limit: 99, delay: 1000, jitter }, undefined, 'x');
          const decision = decideRetry(policy, new Error('no'), { attempt, elapsed: 0 }, random);
          if (!decision.retry) throw new Error('a retry was due');
          expect(decision.delay).toBeGreaterThanOrEqual(Math.floor(1000 * (1 - jitter)));
          expect(decision.delay).toBeLessThanOrEqual(1000);
          expect(decideRetry(policy, new Error('no'), { attempt, elapsed: 0 }, random)).toEqual(
            decision,
          );
        },
      ),
    );
    expect(delays({ limit: 1, delay: 1000, jitter: true }, 1, 0.5)).toEqual([750]);
    expect(delays({ limit: 1, delay: 1000, jitter: false }, 1, 0.5)).toEqual([1000]);
  });
});

describe('no retry', () => {
  it('follows when the delay function throws or gives no duration', () => {
    const broken = (delay: () => never) => retryPolicy({ limit: 9, delay }, undefined, 'x');
    for (const delay of [() => 'soon' as never, () => Number.NaN as never]) {
      const decision = decideRetry(broken(delay), new Error('no'), INFO, 0);
      expect(decision).toEqual({ retry: false, reason: 'no-delay' });
    }
  });

  it('waits for nothing that is no number, however many there were', () => {
    const policy = retryPolicy({ limit: Infinity, backoff: 'exponential' }, undefined, 'x');
    const decision = decideRetry(policy, new Error('no'), { attempt: 5000, elapsed: 0 }, 0);
    expect(decision).toEqual({ retry: true, delay: 0 });
  });

  it('begins after maxElapsed', () => {
    const policy = retryPolicy({ limit: 9, delay: '10s', maxElapsed: '1m' }, undefined, 'x');
    const at = (elapsed: number) =>
      decideRetry(policy, new Error('no'), { attempt: 1, elapsed }, 0);
    expect(at(50_000)).toEqual({ retry: true, delay: 10_000 });
    expect(at(50_001)).toEqual({ retry: false, reason: 'too-late' });
  });

  it('follows on an error that says that it cannot help', () => {
    const policy = retryPolicy(9, () => true, 'x');
    const plain = Object.assign(new Error('no'), { retryable: false });
    const coded = new HoldfastError('X_Y', 'no', { retryable: false });
    for (const error of [plain, coded, { retryable: false }]) {
      expect(decideRetry(policy, error, INFO, 0)).toEqual({
        retry: false,
        reason: 'not-retryable',
      });
    }
    for (const error of [new Error('no'), new HoldfastError('X_Y', 'no'), null, 'text', 0]) {
      expect(decideRetry(policy, error, INFO, 0)).toMatchObject({ retry: true });
    }
  });

  it('follows when retryIf says no, or throws', () => {
    const refuse = retryPolicy(9, () => false, 'x');
    const broken = retryPolicy(
      9,
      () => {
        throw new Error('broken condition');
      },
      'x',
    );
    for (const policy of [refuse, broken]) {
      expect(decideRetry(policy, new Error('no'), INFO, 0)).toMatchObject({ retry: false });
    }
  });

  it('whenError tells one class of errors from all others', () => {
    class PgError extends Error {
      sqlState = '40001';
    }
    const busy = whenError(PgError, (error) => error.sqlState === '40001');
    expect(busy(new PgError())).toBe(true);
    expect(busy(Object.assign(new PgError(), { sqlState: 'x' }))).toBe(false);
    expect(busy(new Error('no'))).toBe(false);
    expect(whenError(PgError)(new PgError())).toBe(true);
  });
});

describe('retryPolicy', () => {
  it.each<[unknown, string]>([
    [-1, 'whole number'],
    [1.5, 'whole number'],
    [Number.NaN, 'whole number'],
    ['3', 'whole number'],
    [{ limit: '3' }, 'whole number'],
    [{}, 'whole number'],
    [{ limit: 1, backoff: 'linear' }, 'backoff'],
    [{ limit: 1, jitter: 2 }, 'jitter'],
    [{ limit: 1, jitter: Number.NaN }, 'jitter'],
    [{ limit: 1, factor: 0.5 }, 'factor'],
    [{ limit: 1, delay: [] }, 'list of delays'],
    [{ limit: 1, delay: 'soon' }, 'delay'],
    [{ limit: 1, maxDelay: -1 }, 'maxDelay'],
    [{ limit: 1, dealy: 5 }, 'dealy'],
  ])('refuses %j', (retries, says) => {
    expect(() => retryPolicy(retries as Retries, undefined, 'The task')).toThrow(says);
  });
});
