import type { Clock } from '../clock/clock.ts';
import type { Definition } from '../definition/definition.ts';
import { runNameOf } from '../definition/run-name.ts';
import type { EngineLimits } from './admission/engine-limits.ts';
import type { Permits } from './admission/permits.ts';
import type { EngineEvents } from '../events/engine-events.ts';
import type { RunLogger } from '../events/logger.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import type { CodeVersion } from '../model/code-version.ts';
import type { JsonValue } from '../model/json.ts';
import type { RandomBytes } from '../model/ids.ts';
import type { ValueCodec } from '../serial/value-codec.ts';
import type { RunStore } from '../store/run-store.ts';
import type { Definitions } from './definitions.ts';
import type { SecretResolvers } from '../secret/resolve-secret.ts';
import type { EngineOptions } from './engine-options.ts';
import type { HookDelivery } from './hook-delivery.ts';
import type { Leases } from './leases.ts';
import type { LogKeeping } from './notes/log-keeping.ts';
import type { ResultKeeping } from './results/result-options.ts';
import type { QueueWork } from './queues/queue-work.ts';
import type { Resources } from './resources.ts';
import type { Scrubber } from '../secret/scrubber.ts';
import { searchIn } from './search.ts';
import { refuseSecrets } from './stored-value.ts';
import type { UsualDurations } from './time/usual-durations.ts';
import type { InputDesk } from './waiting/input-desk.ts';
import type { ParkedRuns } from './waiting/parked-runs.ts';
import type { Writer } from './writer.ts';

/** What the parts of an engine share. */
export interface EngineCore {
  readonly store: RunStore;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly writer: Writer;
  readonly events: EngineEvents;
  readonly hooks: HookDelivery;
  readonly definitions: Definitions;
  readonly resources: Resources;
  readonly codec: ValueCodec;
  readonly logger: RunLogger;
  readonly logKeeping: LogKeeping;
  readonly results: ResultKeeping;
  readonly scrubber: Scrubber;
  readonly secretResolvers: SecretResolvers;
  readonly leases: Leases;
  readonly parked: ParkedRuns;
  readonly permits: Permits;
  readonly desk: InputDesk;
  readonly usualDurations: UsualDurations;
  readonly limits: EngineLimits;
  /** What works on queues here. */
  readonly workers: Set<QueueWork>;
  /** The code that it executes. */
  readonly version: CodeVersion;
  readonly aroundAttempt: EngineOptions['aroundAttempt'];
}

/**
 * The arguments of a flow as they are kept, so that another process can call it again. A store that forgets
 * with the process takes any.
 *
 * @param mustKeep whether another process is to call it, whatever the store
 * @throws `INPUT_NOT_SERIALISABLE`, `SECRET_IN_VALUE`
 */
export function encodeInputs(
  engine: EngineCore,
  name: string,
  args: readonly unknown[],
  mustKeep = engine.store.durable,
): JsonValue {
  let json: JsonValue;
  try {
    json = engine.codec.encode(args);
  } catch (error) {
    if (!mustKeep && !engine.store.durable) return null;
    throw new HoldfastError(
      'INPUT_NOT_SERIALISABLE',
      `The arguments of '${name}' cannot be kept, so its run could not be resumed.`,
      {
        hint: 'Pass plain data, and register services as resources of the engine.',
        retryable: false,
        cause: error,
      },
    );
  }
  refuseSecrets(engine, json, `An argument of '${name}'`);
  return json;
}

/**
 * Refuses to call what could never run here.
 *
 * @throws `OPTIONS_INVALID` for limits that the engine does not have, `DURABLE_STORE_REQUIRED`
 */
export function assertRunnable(engine: EngineCore, definition: Definition): void {
  if (definition.limits.length > 0) engine.limits.check(definition);
  assertDurable(engine, definition);
}

/**
 * Refuses a flow that wants to survive its process on a store that does not.
 *
 * @throws `DURABLE_STORE_REQUIRED`
 */
export function assertDurable(engine: EngineCore, definition: Definition): void {
  if (!definition.durable || engine.store.durable) return;
  throw new HoldfastError(
    'DURABLE_STORE_REQUIRED',
    `The flow '${definition.name}' wants a durable store, and this engine keeps its runs in memory.`,
    { hint: 'Run it on createEngine({ store: sqliteRunStore(path) }).', retryable: false },
  );
}

/** A text of users as stores keep it: no secrets, no U+0000, no half of a surrogate pair. */
export function keepableText(engine: EngineCore, text: string): string {
  return engine.scrubber.scrub(text).toWellFormed().replaceAll('\0', '');
}

/** What people call a run with these arguments, as the field of its record. Arguments that are futures name nothing. */
export function nameForPeople(
  engine: EngineCore,
  definition: Definition,
  args: readonly unknown[],
): { readonly runName?: string } {
  const waits = typeof definition.runName === 'function' && searchIn(args).futures.length > 0;
  const { runName } = waits ? {} : runNameOf(definition, args);
  return typeof runName === 'string' ? { runName: keepableText(engine, runName) } : {};
}

/** A number from 0 to below 1 from a source of random bytes. */
export function randomFraction(random: RandomBytes): number {
  const bytes = new Uint8Array(4);
  random(bytes);
  return new DataView(bytes.buffer).getUint32(0) / 2 ** 32;
}
