import type { Limit } from '../definition/limit-options.ts';
import type { Schedule } from '../definition/schedule.ts';
import type { Clock } from '../clock/clock.ts';
import type { Logger } from '../events/logger.ts';
import type { Duration } from '../model/duration.ts';
import type { RandomBytes, RunId } from '../model/ids.ts';
import type { LogOptions } from './notes/log-keeping.ts';
import type { ResultOptions } from './results/result-options.ts';
import type { RetentionOptions } from './retention/retention-options.ts';
import type { SecretResolvers } from '../secret/resolve-secret.ts';
import type { RunStore } from '../store/run-store.ts';

/** One attempt of a run, as {@link EngineOptions.aroundAttempt} is told of it. */
export interface AttemptInfo {
  readonly runId: RunId;
  readonly kind: 'flow' | 'task';
  /** The definition's name. */
  readonly name: string;
  /** Counts from 1. */
  readonly attempt: number;
}

/** What an engine is made of. */
export interface EngineOptions {
  /** Where runs are kept. The engine opens it, and closes it when stopped. */
  readonly store: RunStore;
  /** Flows that a recovery can find by name. Flows that are run are known from then on, too. */
  readonly flows?: readonly object[];
  /** When flows are to be run: see `schedule()`. Their flows are known by it. Nothing is started before `serve()`. */
  readonly schedules?: readonly Schedule[];
  /** Tasks whose hooks a recovery can find by name before a flow has called them. */
  readonly tasks?: readonly object[];
  /** Objects that runs use and that travel by name: object stores, pools, clients. */
  readonly resources?: { readonly [name: string]: unknown };
  /** Resolves references of the form `scheme:name` for schemes other than `env` and `file`. */
  readonly secrets?: SecretResolvers;
  /** Takes the engine's lines and those of `runContext().logger`. Default: nothing is logged. */
  readonly logger?: Logger;
  /** How long history is kept: applied by `serve()`. Default: 90 days. */
  readonly retention?: RetentionOptions;
  /**
   * Where results go that are too large for the run store. Without it a result of more than 8 MiB of JSON is refused
   * (`RESULT_TOO_LARGE`), and what is smaller is kept in the run store.
   */
  readonly results?: ResultOptions;
  /** What is kept of the lines that runs log, beside what the logger is handed. */
  readonly logs?: LogOptions;
  /** The host's own version, kept with each top-level run: at its start, and at each resume. */
  readonly codeVersion?: string;
  /**
   * The commit of the host's code, kept likewise. Default: what the environment says (GIT_COMMIT, SOURCE_COMMIT, COMMIT_SHA,
   * GITHUB_SHA, CI_COMMIT_SHA, HEROKU_SLUG_COMMIT, RENDER_GIT_COMMIT, RAILWAY_GIT_COMMIT_SHA, VERCEL_GIT_COMMIT_SHA,
   * BUILD_VCS_NUMBER: the first that holds one).
   */
  readonly gitCommit?: string;
  /**
   * How much of something runs may use at once, by name: see the option `limits` of flows and tasks. It holds over all
   * engines on the store; each goes by the numbers that it was given itself.
   */
  readonly limits?: { readonly [name: string]: Limit };
  /** Limits of all runs of flows and tasks that have a tag: each attempt takes one slot. */
  readonly tagLimits?: { readonly [tag: string]: Limit };
  /**
   * How long a lease lasts without renewal: the longest that a run of a process on another machine that died stays
   * untouched. On the same machine a dead process is noticed at once. Renewed at a third of it. Default 30 s.
   */
  readonly leaseTtl?: Duration;
  /**
   * Called instead of the function of a flow or task; `proceed` calls the function. What it gives or throws is
   * what the attempt gives or throws. For tracing, measuring, and injecting faults in tests.
   */
  readonly aroundAttempt?: (
    attempt: AttemptInfo,
    proceed: () => Promise<unknown>,
  ) => Promise<unknown>;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
  /** Default: the operating system's. */
  readonly random?: RandomBytes;
}
