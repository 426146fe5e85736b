import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Duration } from '../model/duration.ts';
import type { LimitUse, WhenLimited } from './limit-options.ts';
import type { CacheKeyFunction, CachePolicy } from '../policies/cache-policy.ts';
import type { IfWontFit } from '../policies/fitting.ts';
import type { OtherVersions } from '../policies/resume.ts';
import type { Retries, RetryInfo } from '../policies/retry.ts';
import type { TimeWindow } from '../policies/window.ts';
import type { Waitable } from '../future/task-future.ts';
import type { HookInfo } from './hook-info.ts';
import type { TransactionHooks } from './transaction-hooks.ts';

type Hook<T extends readonly unknown[]> = (...args: T) => void | Promise<void>;

/**
 * Called at each step of a run, at least once, also when the process died in between. A hook that throws
 * changes nothing but the log.
 */
export interface Hooks<R = never> extends TransactionHooks<R> {
  /** The first attempt begins. */
  onStart?: Hook<[info: HookInfo]>;
  /** It completed, with this value. */
  onSuccess?: Hook<[value: R, info: HookInfo]>;
  /** It failed for good, by an error, a timeout or a window. */
  onFailure?: Hook<[error: Error, info: HookInfo]>;
  /** An attempt failed and another follows. */
  onRetry?: Hook<[error: Error, info: HookInfo]>;
  /** It was cancelled. */
  onCancel?: Hook<[reason: string, info: HookInfo]>;
  /** Its process died and it is not taken up again. */
  onCrash?: Hook<[error: Error, info: HookInfo]>;
  /** It was skipped. */
  onSkip?: Hook<[reason: string, info: HookInfo]>;
}

/** What is a value, whatever it holds. */
type Valued = string | number | bigint | boolean | symbol | Date;
/** The positions of arguments that can be Secrets, or data made of them. */
type SecretPosition<A extends readonly unknown[]> = number extends A['length']
  ? number
  : {
      [K in keyof Required<A>]: NonNullable<A[K & keyof A]> extends Valued
        ? never
        : K extends `${infer N extends number}`
          ? N
          : never;
    }[number];

/** What `secretArgs` takes: a position, from 0, of an argument that can be a Secret, or the name of a member. */
export type SecretArg<A extends readonly unknown[]> = SecretPosition<A> | (string & {});

/** Options of flows and tasks alike. `A` are the arguments, `R` the result. */
export interface RunOptions<A extends readonly unknown[] = never, R = never> extends Hooks<R> {
  /** Unique in an engine. Default: the function's name, or the method's. */
  name?: string;
  /** One sentence for people: `engine.definitions()` gives it. */
  description?: string;
  /**
   * Which version of its code this is: a text that you change with the code. Kept with each run that is executed under
   * it, at its last start or resume (`definitionVersion`). Default: none.
   */
  version?: string;
  /**
   * What people call one run of it, in lists and messages: a template, or a function of the arguments, called once. In a
   * template, `{db.name}` stands for a member of the argument of that parameter's name, `{0.name}` for one of the first
   * argument; `{{` for a brace. Identifies nothing. Default: the name. A function that throws counts as absent.
   */
  runName?: string | ((...args: A) => string);
  /** Words that its runs are found by: `engine.runs({ tag })`. */
  tags?: readonly string[];
  /** How often a failed attempt is made again: a number, or a policy. Default 0. */
  retries?: number | Retries;
  /** Which errors are worth a retry. A throw means no. Default: all but those with `retryable: false`. */
  retryIf?(error: unknown, info: RetryInfo): boolean;
  /** The longest that one attempt may take. Default: no bound. */
  timeout?: Duration;
  /**
   * The longest that a run may take, with its retries and all its waits, counted from when it was made; or when it must
   * have ended. After that its signal is aborted, its function is waited for within its grace, and it fails as TimedOut
   * (`DEADLINE_PASSED`) without a retry. Bounds what it starts, too. Default: no bound.
   */
  deadline?: Duration | Date | undefined;
  /**
   * The span of the day in which a run must start and end: before it opens, the run waits; when it closes, what is under
   * way is told to stop, and fails as WindowClosed (`WINDOW_CLOSED`), and what could not start as MissedWindow
   * (`WINDOW_MISSED`). Bounds what the run starts, too. Default: none.
   */
  window?: TimeWindow | undefined;
  /**
   * What is done, before its first attempt, with a run that usually takes longer than the time that is left to it by
   * its own deadline or window or those of what started it: `'start'` (the default) starts it and warns (`WONT_FIT`),
   * `'skip'` ends it as SKIPPED/WontFit. A run of which nothing is known fits.
   */
  ifWontFit?: IfWontFit;
  /**
   * How long an attempt may take to end once its signal was aborted. After that its run is settled without
   * it, and its context throws. Default 10 s.
   */
  grace?: Duration;
  /** How often it is taken up again after its process died under it, in one generation. Default 3. */
  maxRecoveries?: number;
  /**
   * Identity within the run that starts it, instead of a hash of the arguments. Two calls with one key are
   * one run; different arguments under one key are an error (`KEY_REUSED`).
   */
  key?(...args: A): string;
  /**
   * Arguments that take Secrets and nothing else: by position, from 0, or by the name of a member of plain data, wherever
   * it stands. A value in place of a reference is refused (`SECRET_EXPECTED`) before anything is hashed, stored or told.
   * Default: none.
   */
  secretArgs?: readonly SecretArg<A>[];
  /**
   * What its results are cached by, over all runs in the store: a policy (see `cacheBy`), or a function of the arguments
   * that gives a text. A call that equals an earlier one ends as COMPLETED/Cached with what that one gave, also where
   * that is null or undefined; failures are not cached. Of equal calls at once, also in several processes, one is executed
   * and the others wait for it. Arguments that cannot be hashed, and a function that throws or gives no text, run uncached
   * with the warning `CACHE_KEY_MISSING`; one that gives undefined runs uncached. Default: nothing is cached.
   */
  cache?: CachePolicy<A> | CacheKeyFunction<A>;
  /** How long a cached result is served. Default: for ever. */
  cacheFor?: Duration;
  /** Execute it all the same, and cache what it gives now in place of what was cached before the call. Default false. */
  refreshCache?: boolean;
  /**
   * What `runContext().pauseForInput()` waits for, by name: what a value has to fit. An engine that knows the definition
   * refuses others where they are given, also for runs of other processes. Default: values are checked where they are
   * waited for.
   */
  inputs?: { readonly [name: string]: StandardSchemaV1 };
  /**
   * Shares of limits of the engine that each attempt takes, all of them at once, and gives back when it ends: names, or
   * names with a number of slots. While its code waits for a task, a flow, a time or an input, it holds none. A limit
   * that the engine does not have is refused (`OPTIONS_INVALID`) when the engine is made, or at the call. Default: none.
   */
  limits?: readonly LimitUse[];
  /**
   * What happens when a limit, by name or by tag, is reached before the first attempt: `'wait'` shows the run as
   * SCHEDULED/AwaitingSlot until its share is free; `'refuse'` ends it as FAILED with `LIMIT_REACHED`. What has begun
   * waits in either case. Default `'wait'`.
   */
  whenLimited?: WhenLimited;
}

/** Options of a task. */
export interface TaskOptions<A extends readonly unknown[] = never, R = never> extends RunOptions<
  A,
  R
> {
  /**
   * Asked when a result that an earlier process has stored is about to be given again, after a crash or a stop, or by
   * `engine.retry()`: once a run and process. False, or a throw, has the task executed again, as its next generation,
   * and so is what takes its result as input; the warning `RESULT_OUTDATED` tells. A cached result is
   * asked about each time before it is served. Default: a stored result counts.
   */
  stillValid?(result: R): boolean | Promise<boolean>;
  /**
   * On which queue its calls wait, for whichever engine works on the queue (`engine.work`) and knows the task by its name:
   * in another process, on another machine, or here. It is executed there as if it were here, with its retries, timeout,
   * limits and hooks; whoever has called it waits for the outcome, holds no permits meanwhile, and cancels it when it is
   * cancelled itself. Its arguments must be data that can be kept (`INPUT_NOT_SERIALISABLE`); it is part of no transaction.
   * A run stays on the queue that it was made for. Default: it is executed where it is called.
   */
  queue?: string | undefined;
}

/** Options of a flow. */
export interface FlowOptions<A extends readonly unknown[] = never, R = never> extends RunOptions<
  A,
  R
> {
  /** Refuse (`DURABLE_STORE_REQUIRED`) to run on a store that forgets with the process. Default false. */
  durable?: boolean;
  /**
   * How long after it was interrupted a run may be taken up again. One that was interrupted longer ago ends CRASHED
   * (`RESUME_TOO_LATE`). Counts from when its engine was stopped, its lease was last renewed, or what it waited for was
   * there; a run that waits is not interrupted. Default: no bound.
   */
  resumeWithin?: Duration;
  /**
   * Whether a run may be taken up under another version of the code (see `codeVersion` and `gitCommit` of the engine):
   * 'allow', 'refuse' (it ends CRASHED, `VERSION_REFUSED`), or a function of both, of which a throw means no. A version
   * is another one where both name it and it differs. Does not bind `engine.retry()`. Default 'allow', with the
   * warning `VERSION_CHANGED`.
   */
  resumeOtherVersions?: OtherVersions;
}

/** What `with()` may set beside the options. */
export interface CallOptions {
  /** Start after these have completed. One that ends otherwise means the task is skipped, unless it goes through `allowFailure`. */
  waitFor?: readonly Waitable[];
  /** How many members of a `map` are under way at once. Default 100. */
  concurrency?: number;
  /**
   * Whether a `map` stops at the first member that failed for good: it pulls no more items, and cancels the members that
   * are under way. The list then rejects with what failed. Members that never started are no runs. Default false.
   */
  stopOnFailure?: boolean;
}
