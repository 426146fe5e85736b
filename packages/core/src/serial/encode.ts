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

/** A step on the way to what is being encoded. */
interface Step {
  readonly at: string | number;
  readonly before: Step | undefined;
}

function pathOf(last: Step | undefined): readonly (string | number)[] {
  const path: (string | number)[] = [];
  for (let step = last; step !== undefined; step = step.before) path.unshift(step.at);
  return path;
}

/** An object that what is being encoded stands in. */
interface Surrounding {
  readonly object: object;
  readonly beyond: Surrounding | undefined;
}

function surrounds(inner: Surrounding | undefined, value: object): boolean {
  for (let each = inner; each !== undefined; each = each.beyond) {
    if (each.object === value) return true;
  }
  return false;
}

function special(value: number): string | undefined {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : undefined;
  return String(value);
}

/** The kind of a view on bytes, by which it is made again: a subclass is kept as what it extends. */
function kindOf(view: ArrayBufferView): string {
  if (Buffer.isBuffer(view)) return 'Buffer';
  return Object.prototype.toString.call(view).slice('[object '.length, -1);
}

/** Whether a value is its own JSON, whatever it stands in. */
export function isOwnJson(value: unknown): value is string | boolean | number | null {
  if (typeof value === 'number') return special(value) === undefined;
  return typeof value === 'string' || typeof value === 'boolean' || value === null;
}

/** Encodes one value. Made anew for each, because it remembers the way to what it encodes, and what that is inside of. */
export class Encoder {
  readonly #resources: ResourceNames;
  #step: Step | undefined;
  #inside: Surrounding | undefined;

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
    const beyond = this.#inside;
    if (surrounds(beyond, value)) throw cyclic(pathOf(this.#step));
    this.#inside = { object: value, beyond };
    const json = this.#within(value);
    this.#inside = beyond;
    return json;
  }

  #within(value: object): JsonValue {
    if (Array.isArray(value)) return this.#list(value);
    return isPlain(value) ? this.#record(value) : this.#instance(value);
  }

  #at(at: string | number, value: unknown): JsonValue {
    const before = this.#step;
    this.#step = { at, before };
    const json = this.encode(value);
    this.#step = before;
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
    if (name === undefined) throw notSerialisable(value, pathOf(this.#step));
    return { [TAG]: 'resource', v: name };
  }
}
