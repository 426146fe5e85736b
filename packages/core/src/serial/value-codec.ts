import type { JsonValue } from '../model/json.ts';
import { decodeTagged } from './decode.ts';
import { Encoder, isOwnJson } from './encode.ts';

/** Objects that travel by name instead of by value: the engine's resources. */
export interface ResourceNames {
  /** The name under which an object is registered. */
  nameOf(value: object): string | undefined;
  /** The object registered under a name; throws `RESOURCE_UNKNOWN` when there is none. */
  resource(name: string): unknown;
}

const NO_RESOURCES: ResourceNames = { nameOf: () => undefined, resource: () => undefined };

/** Turns values into JSON and back. */
export interface ValueCodec {
  /**
   * Encodes plain data, Date, Map, Set, BigInt, undefined, NaN, infinities, -0, typed arrays, ArrayBuffer,
   * errors with their causes, Secret references, and registered resources (by name).
   *
   * @throws `NOT_SERIALISABLE` for anything else, with the place where it stands
   */
  encode(value: unknown): JsonValue;
  /** What `encode` was given: an equal value, sharing nothing with it. */
  decode(json: JsonValue): unknown;
}

/** A codec that knows these resources. */
export function valueCodec(resources: ResourceNames = NO_RESOURCES): ValueCodec {
  return {
    encode: (value) => (isOwnJson(value) ? value : new Encoder(resources).encode(value)),
    decode: (json) => decodeTagged(json, resources),
  };
}
