import type { Definition } from '../definition/definition.ts';
import { HoldfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import { isFutureList } from '../future/future-list.ts';
import { isFuture } from '../future/task-future.ts';
import { canonicalJson, identityHash } from '../serial/canonical.ts';
import { Encoder, isOwnJson } from '../serial/encode.ts';
import type { ResourceNames } from '../serial/value-codec.ts';
import type { EngineCore } from './engine-core.ts';
import type { Resources } from './resources.ts';

/** What stands for an object in the identity of a call. */
class IdentityNames implements ResourceNames {
  readonly #resources: Resources;

  constructor(resources: Resources) {
    this.#resources = resources;
  }

  nameOf(value: object): string | undefined {
    return isFuture(value) || isFutureList(value)
      ? `future ${value.parts.identity()}`
      : this.#resources.nameOf(value);
  }

  resource(name: string): unknown {
    return this.#resources.resource(name);
  }
}

/** Not `every`, which passes over holes. */
function areOwnJson(args: readonly unknown[]): boolean {
  for (let at = 0; at < args.length; at++) if (!isOwnJson(args[at])) return false;
  return true;
}

/**
 * A hash of arguments: equal arguments, equal hash, whatever process computes it. A future stands for the
 * identity of the run that it comes from, a Secret for its reference, a resource for its name.
 *
 * @returns undefined when the arguments hold something that cannot be hashed
 */
export function hashArguments(args: readonly unknown[], resources: Resources): string | undefined {
  try {
    // Most calls have none but these: their JSON is made in one step.
    if (areOwnJson(args)) return identityHash(JSON.stringify(args));
    return identityHash(canonicalJson(new Encoder(new IdentityNames(resources)).encode(args)));
  } catch (error) {
    if (isHoldfastError(error) && error.code === 'NOT_SERIALISABLE') return undefined;
    throw error;
  }
}

/**
 * The key that the author gives a call.
 *
 * @throws `KEY_INVALID` for what is no text that every store keeps; what the author's function throws
 */
export function authorsKey(
  engine: EngineCore,
  definition: Definition,
  args: readonly unknown[],
): string {
  const key: unknown = definition.key?.(...args);
  assertKey(engine, key, `The key of '${definition.name}'`);
  return key;
}

/**
 * Refuses a key that is no text, or none that every store keeps: one write that a store refuses would take all
 * others of its commit with it.
 *
 * @param what names the key in the error
 * @throws `KEY_INVALID`
 */
export function assertKey(engine: EngineCore, key: unknown, what: string): asserts key is string {
  const kept = typeof key === 'string' && key !== '' && key.isWellFormed() && !key.includes('\0');
  if (kept && !engine.scrubber.finds(key)) return;
  const problem = kept ? 'holds the value of a secret' : 'is no text, or none that can be kept';
  throw new HoldfastError('KEY_INVALID', `${what} ${problem}.`, {
    hint: 'Give a text that tells the calls apart: a name, an id, a date.',
    retryable: false,
  });
}

/** The error for arguments that give no identity, on a store where an identity is needed. */
export function keyRequired(definition: Definition): HoldfastError {
  return new HoldfastError(
    'KEY_REQUIRED',
    `The arguments of '${definition.name}' cannot be hashed, so a resume could not find its run again.`,
    {
      hint: 'Give the definition a key: (…args) => text, pass plain data, or register the object as a resource.',
      retryable: false,
      context: { name: definition.name },
    },
  );
}

/** The error for one key that stands for two different calls. */
export function keyReused(definition: Definition, key: string): HoldfastError {
  return new HoldfastError(
    'KEY_REUSED',
    `'${definition.name}' was called twice with the key ${JSON.stringify(key)} and different arguments.`,
    {
      hint: 'Make the key tell the calls apart, or give both the same arguments.',
      retryable: false,
      context: { name: definition.name, key },
    },
  );
}
