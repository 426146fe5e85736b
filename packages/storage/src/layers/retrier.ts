import {
  decideRetry,
  ObjectStoreError,
  objectStoreProblem,
  retryPolicy,
  sleep,
  systemClock,
} from '@holdfast/core';
import type { Clock, ObjectStore, PutOptions, Retries, RetryPolicy } from '@holdfast/core';
import { refuseUnknown } from './refuse-options.ts';

/** What is told of a call that is tried again. */
export interface RetriedCall {
  readonly method: keyof ObjectStore;
  /** The key, the prefix of a listing, the source of a copy; '' where there is none. */
  readonly key: string;
  /** The try that failed, from 1. */
  readonly attempt: number;
  /** How long it is waited before the next, in milliseconds. */
  readonly delay: number;
}

/** How often, and when, failed calls are made again. */
export interface RetryLayerOptions {
  /** Default: 4 retries, after 500 ms at first, twice as long each time, half of each wait left to chance. */
  readonly retries?: number | Retries;
  /** Is told of every retry before its wait. What it throws is thrown by the call. */
  readonly onRetry?: (error: unknown, call: RetriedCall) => void;
  /** Default: the system's clock. */
  readonly clock?: Clock;
  /** Gives numbers from 0 to below 1, for the jitter. Default: Math.random. */
  readonly random?: () => number;
}

const DEFAULT: Retries = {
  limit: 4,
  delay: 500,
  backoff: 'exponential',
  maxDelay: '30s',
  jitter: true,
};

export type Signalled = { readonly signal?: AbortSignal };
export type RetryableCall = {
  readonly method: keyof ObjectStore;
  readonly key: string;
} & Signalled;

/** Whether an error may pass: the store's own, and not what the caller's signal or body have brought about. */
function mayPass(error: unknown, { signal }: Signalled): boolean {
  const problem = objectStoreProblem(error);
  return signal?.aborted !== true && (problem === 'unavailable' || problem === 'incomplete');
}

/** Waits for the next try, or throws the error: what failed is not worth another. */
export type NextTry = (error: unknown, isFinal?: boolean) => Promise<void>;

export class Retrier {
  readonly #policy: RetryPolicy;
  readonly #options: RetryLayerOptions;

  constructor(options: RetryLayerOptions) {
    refuseUnknown('withRetries', options, ['retries', 'onRetry', 'clock', 'random']);
    this.#policy = retryPolicy(options.retries ?? DEFAULT, undefined, 'withRetries');
    this.#options = options;
  }

  begin(call: RetryableCall): NextTry {
    const { clock = systemClock, random = Math.random, onRetry } = this.#options;
    const startedAt = clock.now();
    let attempt = 0;
    return async (error, isFinal = false) => {
      attempt++;
      if (isFinal || !mayPass(error, call)) throw error;
      const elapsed = clock.now() - startedAt;
      const decision = decideRetry(this.#policy, error, { attempt, elapsed }, random());
      if (!decision.retry) throw error;
      const { method, key } = call;
      onRetry?.(error, { method, key, attempt, delay: decision.delay });
      await sleep(clock, decision.delay, call.signal);
    };
  }

  /** @param isFinal whether an error must not be followed by another try, although it may pass */
  async call<T>(
    call: RetryableCall,
    attempt: () => Promise<T>,
    isFinal: (error: unknown) => boolean = () => false,
  ): Promise<T> {
    const next = this.begin(call);
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        await next(error, isFinal(error));
      }
    }
  }

  /**
   * Makes a write again. One with `ifAbsent` may find the key taken by a try of its own whose answer was lost: then
   * it says that it does not know.
   */
  async write<T>(
    call: RetryableCall,
    { ifAbsent = false }: PutOptions,
    attempt: () => Promise<T>,
    isFinal: (error: unknown) => boolean = () => false,
  ): Promise<T> {
    let first: unknown;
    let unknown: unknown;
    const attempted = async (): Promise<T> => {
      try {
        return await attempt();
      } catch (error) {
        if (ifAbsent && first !== undefined && objectStoreProblem(error) === 'exists') {
          unknown = outcomeUnknown(call.key, first);
          throw unknown;
        }
        first = error;
        throw error;
      }
    };
    return this.call(call, attempted, (error) => error === unknown || isFinal(error));
  }
}

function outcomeUnknown(key: string, first: unknown): ObjectStoreError {
  return new ObjectStoreError(
    'unavailable',
    `It is not known whether '${key}' was written: a try failed, and the next one found the key taken.`,
    {
      cause: first,
      hint: 'Look at what is there, or write under another key.',
      context: { key },
    },
  );
}
