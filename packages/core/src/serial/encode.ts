import { isArrayBuffer, isDate, isMap, isSet } from 'node:util/types';
import type { JsonValue } from '../model/json.ts';
import { isSecret } from '../secret/secret.ts';
import { VIEWS } from './byte-views.ts';
import { isError, toFailure } from './failure-codec.ts';
import { isPlain } from './is-plain.ts';
import { cyclic, notSerialisable } from './refusal.ts';
import { setOwn } from './set-own.ts';
import type { ResourceNames } from './value-codec.ts';

/** The key that marks an object of JSON as standing for something else. Plain objects that have it are wrapped. */
export const TAG = '$';

type Path = (string | number)[];

function special(value: number): string | undefined {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : undefined;
  return String(value);
}

/** The kind of a view on bytes, by which it is made again: a subclass is kept as what it extends. */
function kindOf(view: ArrayBufferView): string {
  if (Buffer.isBuffer(view)) return 'Buffer';
  return Object.prototype.toString.call(view).slice('[object '.length, -1);
}

/** Encodes one value. Made anew for each, because it remembers the path and what it is inside of. */
export class Encoder {
  readonly #resources: ResourceNames;
  readonly #path: Path = [];
  /** The objects around the one that is being encoded. */
  readonly #inside: object[] = [];

  constructor(resources: ResourceNames) {
    this.#resources = resources;
  }

  encode(value: unknown): JsonValue {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number': {
        const text = special(value);
        return text === undefined ? value : { [TAG]: 'number', v: text };
      }
      case 'undefined':
        return { [TAG]: 'undefined' };
      case 'bigint':
        return { [TAG]: 'bigint', v: value.toString() };
      case 'object':
        return value === null ? null : this.#object(value);
      default:
        return this.#byName(value as object);
    }
  }

  #object(value: object): JsonValue {
    if (this.#resources.nameOf(value) !== undefined) return this.#byName(value);
    if (this.#inside.includes(value)) throw cyclic(this.#path);
    this.#inside.push(value);
    try {
      if (Array.isArray(value)) return this.#list(value);
      if (isPlain(value)) return this.#record(value);
      return this.#instance(value);
    } finally {
      this.#inside.pop();
    }
  }

  #at(step: string | number, value: unknown): JsonValue {
    this.#path.push(step);
    const json = this.encode(value);
    this.#path.pop();
    return json;
  }

  #list(values: readonly unknown[]): JsonValue[] {
    const list: JsonValue[] = [];
    for (let index = 0; index < values.length; index++) list.push(this.#at(index, values[index]));
    return list;
  }

  #record(value: object): JsonValue {
    const out: { [key: string]: JsonValue } = {};
    for (const [key, each] of Object.entries(value)) {
      setOwn(out, key, this.#at(key, each));
    }
    return TAG in out ? { [TAG]: 'object', v: out } : out;
  }

  #instance(value: object): JsonValue {
    if (isDate(value)) return { [TAG]: 'date', v: this.encode(value.getTime()) };
    if (isMap(value)) return { [TAG]: 'map', v: this.#list([...value].flat(1)) };
    if (isSet(value)) return { [TAG]: 'set', v: this.#list([...value]) };
    if (isSecret(value)) return { [TAG]: 'secret', v: value.reference };
    if (isError(value)) {
      return { [TAG]: 'error', v: toFailure(value) as unknown as JsonValue };
    }
    if (ArrayBuffer.isView(value) && VIEWS[kindOf(value)] !== undefined) {
      const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      return { [TAG]: 'bytes', kind: kindOf(value), v: bytes.toString('base64') };
    }
    if (isArrayBuffer(value)) {
      return { [TAG]: 'bytes', kind: 'ArrayBuffer', v: Buffer.from(value).toString('base64') };
    }
    return this.#byName(value);
  }

  #byName(value: object): JsonValue {
    const name = this.#resources.nameOf(value);
    if (name === undefined) throw notSerialisable(value, this.#path);
    return { [TAG]: 'resource', v: name };
  }
}
