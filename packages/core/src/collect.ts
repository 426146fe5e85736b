import { definitionOf, type Definition } from './definition/definition.ts';
import { isBinding } from './decorators.ts';
import { optionsInvalid } from './errors/errors.ts';
import type { HoldfastError } from './errors/holdfast-error.ts';
import { shownValue } from './errors/shown-value.ts';

/** A flow of which no more is known than that it is one. */
export type SomeFlow = ((...args: never) => Promise<unknown>) & { readonly flowName: string };
/** A task of which no more is known than that it is one. */
export type SomeTask = ((...args: never) => Promise<unknown>) & { readonly taskName: string };

type Kind = Definition['kind'];
type Key = string | symbol;

function wrong(kind: Kind, problem: string, hint: string): HoldfastError {
  return optionsInvalid(kind === 'flow' ? 'collectFlows()' : 'collectTasks()', problem, hint);
}

/** Whether an object is a module: a namespace of the platform, or what a bundler makes of one. */
function isModule(object: object): boolean {
  const own: { [key: Key]: PropertyDescriptor } = Object.getOwnPropertyDescriptors(object);
  if (own[Symbol.toStringTag]?.value === 'Module' || own['__esModule']?.value === true) return true;
  const exports = Object.values(own);
  // As esbuild writes it: nothing but getters that nobody can change. Those of classes and literals can be.
  const isExport = ({ get, set, enumerable, configurable }: PropertyDescriptor): boolean =>
    get !== undefined && set === undefined && enumerable === true && configurable === false;
  return exports.length > 0 && exports.every(isExport);
}

/**
 * What the properties of an object hold, its own first, then those that it inherits and that nothing hides. Of getters,
 * only those of our decorators and of modules are called: others may do anything.
 */
function valuesOf(holder: object): Map<Key, unknown> {
  const values = new Map<Key, unknown>();
  const exporting = isModule(holder);
  let at: object | null = holder;
  while (at !== null && at !== Object.prototype && at !== Function.prototype) {
    for (const key of Reflect.ownKeys(at)) {
      if (values.has(key)) continue;
      const { get, value } = Reflect.getOwnPropertyDescriptor(at, key) ?? {};
      const called = get !== undefined && (exporting || isBinding(get));
      values.set(key, called ? Reflect.apply(get, holder, []) : value);
    }
    at = Object.getPrototypeOf(at) as object | null;
  }
  return values;
}

function assertHolder(kind: Kind, holder: unknown): asserts holder is object {
  const itself = definitionOf(holder);
  if (itself !== undefined) {
    throw wrong(kind, `'${itself.name}' is a ${itself.kind} itself`, 'Put it into a list.');
  }
  if ((typeof holder === 'object' && holder !== null) || typeof holder === 'function') return;
  throw wrong(
    kind,
    `it was given ${shownValue(holder)}`,
    "Give an instance, or a module: import * as flows from './flows.ts'.",
  );
}

function valuesIn(kind: Kind, holder: object): Map<Key, unknown> {
  try {
    return valuesOf(holder);
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw wrong(
      kind,
      `an export has no value yet (${error.message})`,
      'Modules that import each other in a circle are not loaded yet: collect later.',
    );
  }
}

function collect(kind: Kind, holder: unknown): unknown[] {
  assertHolder(kind, holder);
  const found = new Map<string, { readonly callable: unknown; readonly key: Key }>();
  let others = 0;
  for (const [key, callable] of valuesIn(kind, holder)) {
    const definition = definitionOf(callable);
    if (definition === undefined) continue;
    if (definition.kind !== kind) {
      others++;
      continue;
    }
    const known = found.get(definition.name);
    if (known === undefined) found.set(definition.name, { callable, key });
    else if (definitionOf(known.callable) !== definition) {
      const where = `${String(known.key)} and ${String(key)}`;
      throw wrong(
        kind,
        `two ${kind}s are named '${definition.name}': ${where}`,
        'Give one of them another name: runs are found again by it.',
      );
    }
  }
  if (found.size + others > 0) return [...found.values()].map(({ callable }) => callable);
  const hint =
    typeof holder === 'function'
      ? 'Give an instance of the class: collectFlows(new Nightly()).'
      : 'Decorate its methods, or give a module that exports flows. Getters are not called, and nothing is looked for deeper.';
  throw wrong(kind, 'it was given something that holds neither flows nor tasks', hint);
}

/**
 * The flows of an instance whose methods are decorated or whose properties hold flows, of a class (its static ones), or
 * of a module: `createEngine({ flows: collectFlows(new Nightly()) })`, `collectFlows(await import('./flows.ts'))`.
 * Inherited ones count, under symbols too; what is deeper does not. Getters are not called, but for those of modules.
 *
 * @throws `OPTIONS_INVALID` when two flows have one name, when there is neither a flow nor a task, or when a module is not
 *   loaded yet
 */
export function collectFlows(holder: object): SomeFlow[] {
  return collect('flow', holder) as SomeFlow[];
}

/** The tasks of an instance, a class or a module, as {@link collectFlows} finds its flows: `createEngine({ tasks: … })`. */
export function collectTasks(holder: object): SomeTask[] {
  return collect('task', holder) as SomeTask[];
}
