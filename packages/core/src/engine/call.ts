import type { Definition } from '../definition/definition.ts';
import { assertSecrets } from '../definition/secret-args.ts';
import { waitsOnItself } from '../errors/errors.ts';
import { queueInTransaction } from '../errors/queue-errors.ts';
import type { ChildRun } from './child-run.ts';
import { assertRunnable } from './engine-core.ts';
import { currentGroup, type Group } from './group.ts';
import { authorsKey, hashArguments, keyRequired, keyReused } from './identity.ts';
import type { Scope } from './scope.ts';
import { transactionIn, type OpenTransaction } from './transactions/open-transaction.ts';
import { stretchIn, type Stretch } from './stretch.ts';
import { searchIn, unquoted, type AnyFuture } from './search.ts';

/** A call of a flow or task in the code of a run, before anything has come of it. */
export interface Call {
  readonly scope: Scope;
  /** The stretch of code that accounts for it, and stops it. */
  readonly stretch: Stretch;
  /** The group whose limit it is under. */
  readonly group: Group | undefined;
  /** The innermost transaction in whose code it stands. */
  readonly transaction: OpenTransaction | undefined;
  readonly definition: Definition;
  /** As they were given, but for quotes where they hold no futures: what was quoted stands in their place. */
  readonly args: readonly unknown[];
  /** What it waits for: in its arguments, and beside them. */
  readonly futures: readonly AnyFuture[];
  /** Undefined when the arguments cannot be hashed. */
  readonly inputHash: string | undefined;
  /** The author's key, unless it depends on what futures give. */
  readonly key: string | undefined;
}

/**
 * Checks a call.
 *
 * @throws `RUN_ENDED`, `NAME_REUSED`, `OPTIONS_INVALID`, `DURABLE_STORE_REQUIRED`, `RUN_WAITS_ON_ITSELF`,
 *   `SECRET_EXPECTED`, `KEY_INVALID`, `QUEUE_IN_TRANSACTION`, `LEASE_LOST`, `ENGINE_STOPPED`
 */
export function callOf(scope: Scope, definition: Definition, given: readonly unknown[]): Call {
  const { engine } = scope.execution;
  const stretch = stretchIn(scope);
  stretch.assertOpen(definition.name);
  scope.assertSameFunction(definition);
  assertRunnable(engine, definition);
  engine.definitions.note(definition);
  const found = searchIn(given);
  const plain = unquoted(given, found);
  assertSecrets(definition, plain);
  const transaction = transactionIn();
  const outer = transaction === undefined ? scope.run.transaction : transaction.membership;
  if (definition.queue !== undefined && outer !== undefined) throw queueInTransaction(definition);
  const waits = found.futures.length > 0;
  const futures =
    definition.waitFor.length === 0
      ? found.futures
      : [...found.futures, ...(definition.waitFor as unknown as readonly AnyFuture[])];
  for (const { parts } of futures) {
    if (parts.selfWait() !== undefined) throw waitsOnItself(`'${definition.name}'`, scope.run.name);
  }
  return {
    scope,
    stretch,
    group: currentGroup(),
    transaction,
    definition,
    args: waits ? given : plain,
    futures,
    inputHash: hashArguments(plain, engine.resources),
    key: definition.key === undefined || waits ? undefined : authorsKey(engine, definition, plain),
  };
}

/**
 * The identity of a call without an author's key: its inputs, and an ordinal among equals.
 *
 * @throws `KEY_REQUIRED`
 */
export function keyOfInputs({ scope, definition, inputHash }: Call): string {
  if (inputHash === undefined && scope.execution.engine.store.durable) {
    throw keyRequired(definition);
  }
  const hash = inputHash ?? 'unhashed';
  return numbered(hash, scope.ordinal(definition.name, hash));
}

/**
 * The author's key of a call whose arguments futures have given, and the run that this attempt has started under it.
 *
 * @throws `KEY_INVALID`, `KEY_REUSED`
 */
export function lateKeyOf(
  { scope, definition, inputHash }: Call,
  args: readonly unknown[],
): { readonly key: string; readonly other: ChildRun | undefined } {
  const { engine } = scope.execution;
  const key = authorsKey(engine, definition, args);
  const other = scope.childWithKey(definition.name, key);
  const same =
    other === undefined ||
    other.inputHash === inputHash ||
    other.inputHash === hashArguments(args, engine.resources);
  if (!same) throw keyReused(definition, key);
  return { key, other };
}

function numbered(hash: string, ordinal: number): string {
  return ordinal === 0 ? hash : `${hash}#${ordinal}`;
}

/**
 * Whether an earlier process or try has left the run that a call would be. No, where the key depends on what futures
 * give: nobody can know yet.
 */
export function isRemembered({ scope, definition, inputHash, key }: Call): boolean {
  const { name } = definition;
  if (definition.key !== undefined && key === undefined) return false;
  const hash = inputHash ?? 'unhashed';
  const identity = key ?? numbered(hash, scope.callsBefore(name, hash));
  return scope.execution.remembered.knows(scope.run.id, name, identity);
}
