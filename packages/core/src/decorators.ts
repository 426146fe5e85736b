import 'reflect-metadata';
import { callableOf, type Callable } from './callable.ts';
import { define } from './definition/define.ts';
import type { GivenOptions, Loose } from './definition/definition.ts';
import { parameterTypeCheck } from './definition/parameter-types.ts';
import { optionsInvalid } from './errors/errors.ts';

type Kind = 'flow' | 'task';

/** Standard decorators (ECMAScript): the method is replaced on each instance by one that is bound to it. */
function decorateStandard(
  kind: Kind,
  fn: Loose,
  context: ClassMethodDecoratorContext,
  options: GivenOptions,
): Loose {
  const key = String(context.name);
  if (context.private) {
    throw optionsInvalid(
      `@${kind}() on #${key}`,
      'a #private method cannot be decorated',
      'Make it public, or wrap a property.',
    );
  }
  const named = { name: key, ...options };
  // Wrong options are told where the class is defined, not when an instance is made.
  define(kind, fn, named);
  const replacement = function (this: unknown, ...args: readonly unknown[]): unknown {
    return callableOf(define(kind, fn, named, this))(...args);
  };
  context.addInitializer(function (this: unknown) {
    const instance = this as { [key: string]: unknown };
    // A subclass that overrides the method wins: only what this decorator made is bound.
    if (instance[key] !== replacement) return;
    Object.defineProperty(instance, key, {
      configurable: true,
      writable: true,
      value: callableOf(define(kind, fn, named, this)),
    });
  });
  return replacement;
}

/** Legacy decorators (`experimentalDecorators`): a getter that binds once per instance. */
function decorateLegacy(
  kind: Kind,
  target: object,
  key: string | symbol,
  descriptor: PropertyDescriptor,
  options: GivenOptions,
): PropertyDescriptor {
  const fn = descriptor.value as Loose;
  const named = { name: String(key), ...options };
  const types = parameterTypeCheck(target, key, named.name);
  // Wrong options are told where the class is defined, not when the method is first used.
  define(kind, fn, named, undefined, types);
  const bound = new WeakMap<object, Callable>();
  return {
    configurable: true,
    enumerable: false,
    get(this: object) {
      let callable = bound.get(this);
      if (callable === undefined) {
        callable = callableOf(define(kind, fn, named, this, types));
        bound.set(this, callable);
      }
      return callable;
    },
    // As with any method, an instance may get one of its own: a test's double, above all.
    set(this: object, value: unknown) {
      Object.defineProperty(this, key, { configurable: true, writable: true, value });
    },
  };
}

/** A decorator for methods, in either dialect. */
export function decorator(kind: Kind, options: GivenOptions) {
  return (first: unknown, second: unknown, third?: unknown): unknown => {
    if (typeof second === 'object' && second !== null && 'kind' in second) {
      return decorateStandard(kind, first as Loose, second as ClassMethodDecoratorContext, options);
    }
    const descriptor = third as PropertyDescriptor | undefined;
    if (typeof descriptor?.value !== 'function') {
      throw optionsInvalid(
        `@${kind}()`,
        'it can stand on a method only',
        `Wrap the function: ${kind}(async () => …).`,
      );
    }
    return decorateLegacy(kind, first as object, second as string | symbol, descriptor, options);
  };
}

/** Refuses `@task` and `@flow` without their parentheses. */
export function refuseBare(kind: Kind, second: unknown): void {
  const standard = typeof second === 'object' && second !== null && 'kind' in second;
  if (standard || typeof second === 'string' || typeof second === 'symbol') {
    throw optionsInvalid(
      `@${kind}`,
      'it needs its parentheses',
      `Write @${kind}() or @${kind}({ … }).`,
    );
  }
}
