import { HoldfastError } from '../errors/holdfast-error.ts';
import type { Failure } from '../model/failure.ts';
import type { JsonValue } from '../model/json.ts';
import { secret } from '../secret/secret.ts';
import { VIEWS } from './byte-views.ts';
import { TAG } from './encode.ts';
import { fromFailure } from './failure-codec.ts';
import { setOwn } from './set-own.ts';
import type { ResourceNames } from './value-codec.ts';

type Tagged = { readonly [key: string]: JsonValue };

function bytesOf(tagged: Tagged): unknown {
  const stored = Buffer.from(tagged['v'] as string, 'base64');
  const own = new ArrayBuffer(stored.byteLength);
  new Uint8Array(own).set(stored);
  const make = VIEWS[tagged['kind'] as string];
  if (make === undefined) throw unknownTag(`bytes of kind ${JSON.stringify(tagged['kind'])}`);
  return make(own);
}

function unknownTag(what: string): HoldfastError {
  return new HoldfastError(
    'STORED_VALUE_INVALID',
    `A stored value holds ${what}, which is unknown here.`,
    {
      hint: 'It was written by a newer version, or altered. Use the version that wrote it.',
      retryable: false,
    },
  );
}

function mapOf(flat: readonly unknown[]): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>();
  for (let i = 0; i < flat.length; i += 2) map.set(flat[i], flat[i + 1]);
  return map;
}

function untag(tagged: Tagged, resources: ResourceNames): unknown {
  const v = tagged['v'] as JsonValue;
  const list = (): unknown[] => (v as readonly JsonValue[]).map((x) => decodeTagged(x, resources));
  switch (tagged[TAG]) {
    case 'undefined':
      return undefined;
    case 'number':
      return Number(v);
    case 'bigint':
      return BigInt(v as string);
    case 'date':
      return new Date(decodeTagged(v, resources) as number);
    case 'map':
      return mapOf(list());
    case 'set':
      return new Set(list());
    case 'error':
      return fromFailure(v as unknown as Failure);
    case 'bytes':
      return bytesOf(tagged);
    case 'object':
      return record(v as Tagged, resources);
    case 'secret':
      return secret(v as string);
    case 'resource':
      return resources.resource(v as string);
    default:
      throw unknownTag(`the tag ${JSON.stringify(tagged[TAG])}`);
  }
}

function record(value: Tagged, resources: ResourceNames): object {
  const out: { [key: string]: unknown } = {};
  for (const [key, each] of Object.entries(value)) {
    setOwn(out, key, decodeTagged(each, resources));
  }
  return out;
}

/** Decodes what `Encoder` made. */
export function decodeTagged(json: JsonValue, resources: ResourceNames): unknown {
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map((each: JsonValue) => decodeTagged(each, resources));
  const object = json as Tagged;
  return TAG in object ? untag(object, resources) : record(object, resources);
}
