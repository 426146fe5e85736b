import 'reflect-metadata';
import { callableOf, optionsOf, wrap, type Callable } from './callable.ts';
import { define } from './definition/define.ts';
import type { GivenOptions, InputCheck, Loose } from './definition/definition.ts';
import { parameterTypeCheck } from './definition/parameter-types.ts';
import { optionsInvalid } from './errors/errors.ts';
import type { HoldfastError } from './errors/holdfast-error.ts';
import { secretParameters } from './secret/secret-parameters.ts';

type Kind = 'flow' | 'task';

/** What a decorated method is made of, before it is bound to an instance. */
interface Method {
  readonly kind: Kind;
  readonly key: string | symbol;
  readonly fn: Loose;
  readonly options: GivenOptions;
  readonly types: InputCheck | undefined;
}

/** Methods and getters that a decorator of ours has made. */
const made = new WeakSet<object>();

/** Whether a getter is one that binds a decorated method. */
export function isBinding(get: () => unknown): boolean {
  return made.has(get);
}

/** Wrong options are told where the class is defined, not when the method is first used. */
function checked(method: Method): Method {
  const { kind, key, fn, options, types } = method;
  const { name = String(key) } = options;
  const named = { ...method, options: { ...options, name } };
  define(kind, fn, named.options, undefined, types);
  return named;
}

function bind({ kind, fn, options, types }: Method, self: unknown): Callable {
  return callableOf(define(kind, fn, options, self, types));
}

function refused(kind: Kind, key: string | symbol, problem: string, hint: string): HoldfastError {
  return optionsInvalid(`@${kind}() on ${String(key)}`, problem, hint);
}

function noMethod(kind: Kind, key: string | symbol): HoldfastError {
  return refused(
    kind,
    key,
    'it can stand on a method only',
    `Wrap the function: ${kind}(async () => …, { name: '…' }).`,
  );
}

function assertFirst(kind: Kind, key: string | symbol, decorated: object | undefined): void {
  if (decorated === undefined || !made.has(decorated)) return;
  throw refused(kind, key, 'the method is a flow or a task already', 'Leave one of the two out.');
}

/** A property that binds once for each object it is read from; an assignment replaces it there, as with any method. */
function bindingProperty(method: Method): PropertyDescriptor {
  const bound = new WeakMap<object, Callable>();
  const get = function (this: object): Callable {
    let callable = bound.get(this);
    if (callable === undefined) {
      callable = bind(method, this);
      bound.set(this, callable);
    }
    return callable;
  };
  made.add(get);
  return {
    configurable: true,
    enumerable: false,
    get,
    set(this: object, value: unknown) {
      Object.defineProperty(this, method.key, { configurable: true, writable: true, value });
    },
  };
}

/** Standard decorators (ECMAScript): the method is replaced on each instance by one that is bound to it. */
function decorateStandard(
  kind: Kind,
  fn: Loose,
  context: ClassMethodDecoratorContext,
  options: GivenOptions,
): Loose {
  const { name: key, private: isPrivate } = context;
  // What JavaScript lets it stand on beside a method.
  if ((context.kind as string) !== 'method') throw noMethod(kind, key);
  if (isPrivate) {
    throw refused(
      kind,
      key,
      'a #private method cannot be decorated',
      'Make it public, or wrap a property.',
    );
  }
  assertFirst(kind, key, fn);
  const method = checked({ kind, key, fn, options, types: undefined });
  const replacement = function (this: unknown, ...args: readonly unknown[]): unknown {
    return bind(method, this)(...args);
  };
  made.add(replacement);
  context.addInitializer(function (this: unknown) {
    const holder = this as { [key: string | symbol]: unknown };
    // A subclass that overrides the method wins: only what this decorator made is bound.
    if (holder[key] !== replacement) return;
    Object.defineProperty(
      holder,
      key,
      context.static
        ? bindingProperty(method)
        : { configurable: true, writable: true, value: bind(method, this) },
    );
  });
  return replacement;
}

/** Legacy decorators (`experimentalDecorators`): a getter that binds once per instance. */
function decorateLegacy(
  kind: Kind,
  target: object,
  key: string | symbol,
  descriptor: PropertyDescriptor | undefined,
  options: GivenOptions,
): PropertyDescriptor {
  assertFirst(kind, key, descriptor?.get);
  if (typeof descriptor?.value !== 'function') throw noMethod(kind, key);
  const fn = descriptor.value as Loose;
  const types = parameterTypeCheck(
    target,
    key,
    options.name === undefined ? String(key) : options.name,
  );
  const marked = secretParameters(target, key);
  if (marked.length === 0) return bindingProperty(checked({ kind, key, fn, options, types }));
  assertCanBeSecrets(kind, target, key, marked);
  const given: unknown = options['secretArgs'] ?? [];
  const secretArgs = Array.isArray(given) ? [...(given as unknown[]), ...marked] : given;
  return bindingProperty(checked({ kind, key, fn, options: { ...options, secretArgs }, types }));
}

/** A parameter that is marked and typed as a text would never be given one. */
function assertCanBeSecrets(
  kind: Kind,
  target: object,
  key: string | symbol,
  marked: readonly number[],
): void {
  const types: unknown = Reflect.getMetadata('design:paramtypes', target, key);
  const wrong = marked.find((at) =>
    [String, Number, Boolean, Date].includes((types as [] | undefined)?.[at] as never),
  );
  if (wrong === undefined) return;
  throw refused(
    kind,
    key,
    `parameter ${wrong + 1} is marked with @secret() and typed as a value`,
    'Type it as Secret: it is given a reference.',
  );
}

function isContext(value: unknown): value is ClassMethodDecoratorContext {
  return (
    typeof value === 'object' && value !== null && 'kind' in value && 'addInitializer' in value
  );
}

/** A decorator for methods, in either dialect. */
function decorator(kind: Kind, options: GivenOptions) {
  return (first: unknown, second: unknown, third?: unknown): unknown => {
    if (isContext(second)) return decorateStandard(kind, first as Loose, second, options);
    if (typeof second !== 'string' && typeof second !== 'symbol') throw noMethod(kind, 'a class');
    const descriptor = third as PropertyDescriptor | undefined;
    return decorateLegacy(kind, first as object, second, descriptor, options);
  };
}

/** Whether a decorator was written without its parentheses, so that it is called with what it decorates. */
function isBare(first: unknown, second: unknown, third: unknown): boolean {
  if (isContext(second) || typeof second === 'symbol') return true;
  return typeof second === 'string' && (typeof first !== 'function' || third !== undefined);
}

/**
 * What `flow` and `task` do when they are called.
 *
 * @throws `OPTIONS_INVALID`, `DURATION_INVALID`
 */
export function definer(kind: Kind) {
  return (first?: unknown, second?: unknown, third?: unknown): unknown => {
    if (isBare(first, second, third)) {
      throw optionsInvalid(
        `@${kind}`,
        'it needs its parentheses',
        `Write @${kind}() or @${kind}({ … }).`,
      );
    }
    const what = `${kind}()`;
    if (typeof first === 'function') return wrap(kind, first as Loose, optionsOf(what, second));
    if (second !== undefined) {
      throw optionsInvalid(
        what,
        'its first argument is no function',
        `Write ${kind}(fn, options).`,
      );
    }
    return decorator(kind, optionsOf(what, first));
  };
}
