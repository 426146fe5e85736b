import { describe, expect, it } from 'vitest';
import { flow, HoldfastError, runContext, task, whenError, type RunOptions } from '@holdfast/core';
import { crashAtEveryStep, seededRandom } from '@holdfast/core/testing';
import { bench, expectNoUnhandledRejections } from './support.ts';

expectNoUnhandledRejections();

type Options = RunOptions<[], number>;
const SECOND = 1000;

/** When the attempts of a failing task, or of a failing flow, begin, and with what it ends. */
async function attemptsOf(
  kind: 'flow' | 'task',
  options: Options,
  thrown: (attempt: number) => unknown = (attempt) => new Error(`attempt ${attempt}`),
  seed = 1,
): Promise<{ readonly at: readonly number[]; readonly error: unknown }> {
  const b = bench({ random: seededRandom(seed) });
  const begun = b.clock.now();
  const at: number[] = [];
  const fail = async (): Promise<number> => {
    at.push(b.clock.now() - begun);
    throw thrown(runContext().attempt);
  };
  const step = task(fail, { name: 'step', ...options });
  const f =
    kind === 'flow'
      ? flow(fail, { name: 'f', ...options })
      : flow(async () => step(), { name: 'f' });
  const ended = b.engine.run(f).then(
    () => 'ended well',
    (error: unknown) => error,
  );
  const error = await b.clock.runUntil(ended);
  return { at, error };
}

const retries = (policy: Exclude<Options['retries'], number | undefined>): Options => ({
  retries: policy,
});

describe.each(['flow', 'task'] as const)('the attempts of a %s', (kind) => {
  it.each<[string, Options, readonly number[]]>([
    ['at once', { retries: 2 }, [0, 0, 0]],
    ['after a fixed delay', retries({ limit: 2, delay: '10s' }), [0, 10, 20]],
    [
      'after a list of delays, of which the last repeats',
      retries({ limit: 4, delay: ['1s', 5000] }),
      [0, 1, 6, 11, 16],
    ],
    [
      'after what a function says',
      retries({ limit: 2, delay: ({ attempt, elapsed }) => attempt * 1000 + elapsed }),
      [0, 1, 4],
    ],
    [
      'after a doubling delay',
      retries({ limit: 3, delay: '1s', backoff: 'exponential' }),
      [0, 1, 3, 7],
    ],
    [
      'after a delay that grows by a factor, to a cap',
      retries({ limit: 4, delay: '1s', backoff: 'exponential', factor: 3, maxDelay: '5s' }),
      [0, 1, 4, 9, 14],
    ],
    [
      'after a function, to a cap',
      retries({ limit: 1, delay: () => '1h', maxDelay: '2s' }),
      [0, 2],
    ],
    [
      'no later than maxElapsed',
      retries({ limit: 9, delay: '10s', maxElapsed: '25s' }),
      [0, 10, 20],
    ],
  ])('begin %s', async (_how, options, seconds) => {
    const { at, error } = await attemptsOf(kind, options);
    expect(at).toEqual(seconds.map((each) => each * SECOND));
    expect(error).toMatchObject({ message: `attempt ${seconds.length}` });
  });

  it('are spread by the jitter, which the seed of the engine decides', async () => {
    const jittery = retries({ limit: 4, delay: '100s', jitter: 0.5 });
    const [one, again, other] = await Promise.all(
      [1, 1, 2].map((seed) => attemptsOf(kind, jittery, undefined, seed)),
    );
    expect(again?.at).toEqual(one?.at);
    expect(other?.at).not.toEqual(one?.at);
    const waits = (one?.at ?? []).slice(1).map((time, n) => time - (one?.at[n] ?? 0));
    expect(new Set(waits).size).toBe(4);
    for (const wait of waits) {
      expect(wait).toBeGreaterThanOrEqual(50 * SECOND);
      expect(wait).toBeLessThanOrEqual(100 * SECOND);
    }
    const whole = await attemptsOf(kind, retries({ limit: 1, delay: '100s', jitter: false }));
    expect(whole.at).toEqual([0, 100 * SECOND]);
  });

  const refused: [string, Options, (attempt: number) => unknown][] = [
    [
      'an error says that it cannot help',
      { retries: 5 },
      () => Object.assign(new Error('no'), { retryable: false }),
    ],
    [
      'a coded error says so',
      { retries: 5 },
      () => new HoldfastError('X_Y', 'no', { retryable: false }),
    ],
    ['retryIf says no', { retries: 5, retryIf: () => false }, () => new Error('no')],
    [
      'retryIf throws',
      {
        retries: 5,
        retryIf: () => {
          throw new Error('the condition itself');
        },
      },
      () => new Error('no'),
    ],
    [
      'it is not of the class',
      { retries: 5, retryIf: whenError(RangeError) },
      () => new Error('no'),
    ],
    ['the delay is broken', retries({ limit: 5, delay: () => 'soon' }), () => new Error('no')],
  ];
  it.each(refused)('end where %s', async (_why, options, thrown) => {
    const { at, error } = await attemptsOf(kind, options, thrown);
    expect(at).toEqual([0]);
    expect(error).toMatchObject({ message: 'no' });
  });

  it('go on while retryIf says yes, which is told of the error and the attempt', async () => {
    const asked: unknown[] = [];
    const { at } = await attemptsOf(kind, {
      retries: { limit: 5, delay: '1s' },
      retryIf: (error, info) => {
        asked.push([(error as Error).message, info]);
        return info.attempt < 3;
      },
    });
    expect(at).toEqual([0, 1 * SECOND, 2 * SECOND]);
    expect(asked).toEqual([
      ['attempt 1', { attempt: 1, elapsed: 0 }],
      ['attempt 2', { attempt: 2, elapsed: 1 * SECOND }],
      ['attempt 3', { attempt: 3, elapsed: 2 * SECOND }],
    ]);
  });

  it('take up their backoff where it was after a crash, whatever the seed', async () => {
    const counted = { attempts: 0 };
    const body = async (): Promise<number> => {
      counted.attempts = Math.max(counted.attempts, runContext().attempt);
      if (runContext().attempt < 3) throw new Error('again');
      return runContext().attempt;
    };
    const options: Options = retries({
      limit: 4,
      delay: '1h',
      backoff: 'exponential',
      jitter: true,
    });
    const step = task(body, { name: 'step', ...options });
    const f =
      kind === 'flow'
        ? flow(body, { name: 'f', ...options })
        : flow(async () => step(), { name: 'f' });
    const { result } = await crashAtEveryStep(f, { prepare: () => void (counted.attempts = 0) });
    expect(result).toBe(3);
    expect(counted.attempts).toBe(3);
  });
});
