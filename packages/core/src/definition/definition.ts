import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Waitable } from '../future/task-future.ts';
import type { HookName } from '../model/run.ts';
import type { TimeLimits } from '../policies/deadline.ts';
import type { IfWontFit } from '../policies/fitting.ts';
import type { ResumePolicy } from '../policies/resume.ts';
import type { RetryPolicy } from '../policies/retry.ts';
import type { CacheRule } from './cache-options.ts';
import type { LimitShare, WhenLimited } from './limit-options.ts';
import type { SecretArgs } from './secret-args.ts';

/** Any function: what it takes and gives was checked by the compiler where it was defined. */
export type Loose = (...args: readonly unknown[]) => unknown;

/** Turns the arguments a caller gave into those the function gets, or throws `INPUT_INVALID`. */
export type InputCheck = (
  args: readonly unknown[],
) => readonly unknown[] | Promise<readonly unknown[]>;

/** A flow or a task, with its options checked and its defaults filled in. */
export interface Definition extends TimeLimits {
  readonly kind: 'flow' | 'task';
  readonly name: string;
  readonly fn: Loose;
  /** What `this` is in the function: the instance of a decorated method. */
  readonly self: unknown;
  readonly description: string | undefined;
  readonly version: string | undefined;
  readonly runName: string | ((...args: readonly unknown[]) => string) | undefined;
  readonly tags: readonly string[];
  readonly retry: RetryPolicy;
  /** Milliseconds; undefined: no bound. */
  readonly timeout: number | undefined;
  readonly grace: number;
  readonly ifWontFit: IfWontFit;
  readonly maxRecoveries: number;
  readonly key: ((...args: readonly unknown[]) => string) | undefined;
  readonly hooks: { readonly [hook in HookName]?: Loose };
  readonly checkInput: InputCheck | undefined;
  /** What its runs may wait for, by name. */
  readonly inputs: { readonly [name: string]: StandardSchemaV1 };
  readonly secretArgs: SecretArgs | undefined;
  readonly durable: boolean;
  /** Under what it may be taken up again. */
  readonly resume: ResumePolicy;
  /** Whether a stored result still counts. */
  readonly stillValid: ((result: unknown) => unknown) | undefined;
  readonly waitFor: readonly Waitable[];
  readonly concurrency: number;
  readonly stopOnFailure: boolean;
  /** The queue on which its calls wait for who executes them; undefined: they are executed where they are made. */
  readonly queue: string | undefined;
  /** Undefined: its results are not cached. */
  readonly cache: CacheRule | undefined;
  /** Shares of limits that each attempt takes. */
  readonly limits: readonly LimitShare[];
  readonly whenLimited: WhenLimited;
  /** Whether anything may hold its runs up: see `engine/admission`. */
  readonly gated: boolean;
  /** The options as they were given, for `with()`. */
  readonly given: GivenOptions;
}

/** Options as they come in, before they are checked. */
export interface GivenOptions {
  readonly [option: string]: unknown;
  readonly name?: string;
  readonly input?: StandardSchemaV1 | readonly StandardSchemaV1[];
}

const DEFINITION = Symbol.for('@holdfast/definition');

/** Marks a callable as standing for a definition. */
export function brand(callable: object, definition: Definition): void {
  Object.defineProperty(callable, DEFINITION, { value: definition });
}

/** The definition that a callable stands for; undefined when it is neither flow nor task. */
export function definitionOf(callable: unknown): Definition | undefined {
  return typeof callable === 'function' && DEFINITION in callable
    ? (callable[DEFINITION] as Definition)
    : undefined;
}
