import type { Quoted } from '../future/quote.ts';
import type { TaskFuture, TaskFutureList, Waitable } from '../future/task-future.ts';

type Opaque =
  | Date
  | RegExp
  | Error
  | ArrayBufferView
  | ArrayBuffer
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | AbortSignal
  | URL
  | Waitable
  | PromiseLike<unknown>
  | ((...args: never) => unknown);
type IsAny<T> = 0 extends 1 & T ? true : false;
/** Holds a method: a class or a service, so passed as it is. */
type HasMethod<T> = true extends {
  [K in keyof T]-?: T[K] extends (...args: never) => unknown ? true : never;
}[keyof T]
  ? true
  : false;
type Less = [never, 0, 1, 2, 3, 4];
type Nested<T, D extends number> = D extends 0
  ? never
  : T extends Opaque
    ? never
    : T extends readonly unknown[]
      ? { [K in keyof T]: Input<T[K], Less[D]> }
      : T extends object
        ? HasMethod<T> extends true
          ? never
          : { [K in keyof T]: Input<T[K], Less[D]> }
        : never;
type ListOf<T> = T extends readonly (infer E)[]
  ? E[] extends T
    ? TaskFutureList<E>
    : never
  : never;

/** A value, a future of it, or a quote of it, at any of four levels of plain data; deeper, await it. */
export type Input<T, D extends number = 4> =
  IsAny<T> extends true ? T : T | TaskFuture<T> | Quoted<T> | ListOf<T> | Nested<T, D>;

/** Arguments of which each may be a future. */
export type Inputs<A extends readonly unknown[]> = { [K in keyof A]: Input<A[K]> };

/** `true` among what it gives when there is a future or a quote within six levels of plain data. */
type Holds<T, D extends number = 6> = D extends 0
  ? false
  : IsAny<T> extends true
    ? false
    : T extends Waitable | Quoted<unknown>
      ? true
      : T extends Opaque
        ? false
        : T extends readonly unknown[]
          ? Holds<T[number], Fewer[D]>
          : T extends object
            ? { [K in keyof T]-?: Holds<T[K], Fewer[D]> }[keyof T]
            : false;
type Fewer = [never, 0, 1, 2, 3, 4, 5];

/** What a flow gives back: futures in what it returned are resolved. Data without any keeps its own type. */
export type Resolved<T> =
  T extends TaskFuture<infer V>
    ? V
    : T extends TaskFutureList<infer V>
      ? V[]
      : T extends Quoted<infer V>
        ? V
        : T extends PromiseLike<infer V>
          ? Resolved<V>
          : true extends Holds<T>
            ? { [K in keyof T]: Resolved<T[K]> }
            : T;

/** What can be mapped over. A string is no list of characters here: hence `& object`. */
export type Each<T> =
  | readonly Input<T>[]
  | (Iterable<Input<T>> & object)
  | AsyncIterable<T>
  | TaskFuture<Iterable<T> & object>;

/** The first argument: what `map` maps over. */
export type Head<A extends readonly unknown[]> = A extends readonly [] ? never : Required<A>[0];
/** The arguments after the first, which `map` passes whole. */
export type Tail<A extends readonly unknown[]> = A extends readonly [unknown?, ...infer T]
  ? T
  : never;
