import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { TaskFuture, TaskFutureList } from '../future/task-future.ts';
import type { CachePolicy } from '../policies/cache-policy.ts';
import type { Each, Head, Inputs, Resolved, Tail } from './input-types.ts';
import type { CallOptions, FlowOptions, RunOptions, TaskOptions } from './options.ts';

// `fn: F`, bare: any intersection (`F & Check<F>`) fixes F to Function as soon as a parameter has a default. The bound
// is `Function`, not a signature, which would type the author's own parameters: unannotated ones must stay errors.
/** The arguments of a function that declares no `this`. */
export type Args<F> = F extends (this: void, ...args: infer A) => unknown ? A : never;
/** What a function returns. A bare `Function` gives unknown: the compiler would infer any. */
type Returned<F> = Function extends F
  ? unknown
  : F extends (this: never, ...args: never) => infer R
    ? R
    : never;
/** What a function gives, awaited. */
export type Value<F> = Awaited<Returned<F>>;
/** What a flow gives, with the futures in it resolved. */
export type FlowValue<F> = Resolved<Returned<F>>;

/** The function itself where it already returns a promise: generics, overloads, names and comments stay. */
type Call<F> = Function extends F
  ? (...args: never) => Promise<unknown>
  : F extends (...args: never) => Promise<unknown>
    ? F
    : (...args: Args<F>) => Promise<Value<F>>;

/** What a task can do beside being called. */
export interface TaskMembers<A extends readonly unknown[], R, F> {
  readonly taskName: string;
  /** Starts the task and gives a future at once. Arguments may be futures: then it waits for them. */
  submit(...args: Inputs<A>): TaskFuture<R>;
  /** Starts the task once for each item, as slots become free; the rest of the arguments is passed whole. */
  map(items: Each<Head<A>>, ...rest: Inputs<Tail<A>>): TaskFutureList<R>;
  /** Starts the task once for each list of arguments. */
  mapArgs(calls: (Iterable<Inputs<A>> & object) | AsyncIterable<A>): TaskFutureList<R>;
  /** The same task with other options. */
  with(options: TaskOptions<A, R> & CallOptions): F;
}

/** A task: call it like the function it wraps. */
export type Task<F> = Call<F> & TaskMembers<Args<F>, Value<F>, Task<F>>;

/** What a flow can do beside being called. */
export interface FlowMembers<A extends readonly unknown[], R, F> {
  readonly flowName: string;
  /** The same flow with other options. */
  with(options: FlowOptions<A, R>): F;
}

/** A flow: call it like the function it wraps. */
export type Flow<F> = ((...args: Args<F>) => Promise<FlowValue<F>>) &
  FlowMembers<Args<F>, FlowValue<F>, Flow<F>>;

/** One schema, or one a parameter. */
export type Schemas = StandardSchemaV1 | readonly [StandardSchemaV1, ...StandardSchemaV1[]];
type Given<S> = S extends StandardSchemaV1
  ? [input: StandardSchemaV1.InferInput<S>]
  : S extends readonly unknown[]
    ? {
        -readonly [K in keyof S]: S[K] extends StandardSchemaV1
          ? StandardSchemaV1.InferInput<S[K]>
          : never;
      }
    : never;
type Checked<S> = S extends StandardSchemaV1
  ? [input: StandardSchemaV1.InferOutput<S>]
  : S extends readonly unknown[]
    ? {
        -readonly [K in keyof S]: S[K] extends StandardSchemaV1
          ? StandardSchemaV1.InferOutput<S[K]>
          : never;
      }
    : never;

// `any` in a constraint only; it reaches no user type.
// oxlint-disable-next-line typescript/no-explicit-any -- a decorator must accept every method
type AnyMethod = (...args: any) => Promise<unknown>;

/** Decorates a method, in legacy and standard decorators. */
export interface MethodDecorator {
  <F extends AnyMethod>(
    value: F,
    context: ClassMethodDecoratorContext<never, F> & { readonly private: false },
  ): F;
  <F extends AnyMethod>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<F>,
  ): TypedPropertyDescriptor<F>;
}

/** Options on a decorator cannot see the method's parameters: those that need them go to `task(this.dump).with({ … })`. */
export type DecoratorOptions<O> = Omit<
  O,
  'key' | 'onSuccess' | 'onCommit' | 'onRollback' | 'runName' | 'cache' | 'secretArgs'
> & {
  runName?: string;
  cache?: CachePolicy;
  secretArgs?: readonly (number | string)[];
} & { kind?: never };

/** What the callers give: the schema's input where there is one, else the function's own parameters. */
type Outside<F, S> = S extends Schemas ? (...args: Given<S>) => Promise<Value<F>> : F;
type Fits<F, S> = S extends Schemas
  ? Checked<S> extends Args<F>
    ? unknown
    : { 'the function does not take what this schema gives': Checked<S> }
  : unknown;
type GivenArgs<F, S> = S extends Schemas ? Given<S> : Args<F>;
/** `input` checks (and may change) the arguments before the first attempt; one schema, or one a parameter. */
type Extra<F, S> = { input?: S & Fits<F, S>; kind?: never };

/** Defines tasks: as a wrapper, as a decorator, or with parameters typed by a schema. */
export interface TaskFunction {
  <F extends Function, const S extends Schemas | undefined = undefined>(
    fn: F,
    options?: TaskOptions<GivenArgs<F, S>, Value<F>> & Extra<F, S>,
  ): Task<Outside<F, S>>;
  (options?: DecoratorOptions<RunOptions<never[]>>): MethodDecorator;
  /** Parameters typed by the schema: `task.input(schema)(async (db) => …, options)`. */
  input<const S extends Schemas>(
    schema: S,
  ): <R>(
    fn: (...args: Checked<S>) => R,
    options?: TaskOptions<Given<S>, Awaited<R>>,
  ) => Task<(...args: Given<S>) => Promise<Awaited<R>>>;
}

/** Defines flows: as a wrapper or as a decorator. */
export interface FlowFunction {
  <F extends Function, const S extends Schemas | undefined = undefined>(
    fn: F,
    options?: FlowOptions<GivenArgs<F, S>, FlowValue<F>> & Extra<F, S>,
  ): Flow<Outside<F, S>>;
  (options?: DecoratorOptions<FlowOptions<never[]>>): MethodDecorator;
}
