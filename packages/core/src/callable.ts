import {
  brand,
  definitionOf,
  type Definition,
  type GivenOptions,
  type Loose,
} from './definition/definition.ts';
import { define, redefine } from './definition/define.ts';
import { optionsInvalid } from './errors/errors.ts';
import { callDefinition, mapDefinition, submitDefinition } from './engine/calls.ts';

/** A flow or a task as its callers have it. */
export type Callable = Loose & { readonly [member: string]: unknown };

/** Gives a definition its face: call, submit, map, with. */
export function callableOf(definition: Definition): Callable {
  const call = (...args: readonly unknown[]): Promise<unknown> => callDefinition(definition, args);
  Object.defineProperty(call, 'name', { value: definition.name, configurable: true });
  brand(call, definition);
  const shared = {
    with: (options: unknown) =>
      callableOf(redefine(definition, optionsOf(`'${definition.name}'.with()`, options))),
  };
  if (definition.kind === 'flow') {
    return Object.assign(call, shared, { flowName: definition.name }) as unknown as Callable;
  }
  return Object.assign(call, shared, {
    taskName: definition.name,
    submit: (...args: readonly unknown[]) => submitDefinition(definition, args),
    map: (items: unknown, ...rest: readonly unknown[]) =>
      mapDefinition(definition, { items, rest, toArguments: (item) => [item, ...rest] }),
    mapArgs: (calls: unknown) =>
      mapDefinition(definition, {
        items: calls,
        rest: [],
        toArguments: (args) => args as readonly unknown[],
      }),
  }) as unknown as Callable;
}

/**
 * Options as they were given.
 *
 * @throws `OPTIONS_INVALID` for what cannot hold any
 */
export function optionsOf(what: string, options: unknown): GivenOptions {
  if (options === undefined) return {};
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) {
    return options as GivenOptions;
  }
  throw optionsInvalid(what, 'its options must be an object', "Write { name: '…' }.");
}

function isClass(fn: Loose): boolean {
  return /^class\b/.test(Function.prototype.toString.call(fn));
}

/**
 * Makes a flow or a task of a function; what is one already is given back, derived when there are options.
 *
 * @throws `OPTIONS_INVALID`
 */
export function wrap(kind: 'flow' | 'task', fn: Loose, options: GivenOptions): Callable {
  const known = definitionOf(fn);
  if (known !== undefined) {
    if (known.kind !== kind) {
      throw optionsInvalid(
        `'${known.name}'`,
        `it is a ${known.kind}, not a ${kind}`,
        'Use it as what it is.',
      );
    }
    return Object.keys(options).length === 0
      ? (fn as Callable)
      : callableOf(redefine(known, options));
  }
  if (isClass(fn)) {
    throw optionsInvalid(
      `The ${kind} '${fn.name}'`,
      'it is a class',
      'Decorate its methods instead.',
    );
  }
  return callableOf(define(kind, fn, options));
}
