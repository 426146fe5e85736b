import { isDate, isMap, isSet } from 'node:util/types';
import type { JsonValue } from '../model/json.ts';
import { isSecret } from '../secret/secret.ts';
import { isError, toFailure } from './failure-codec.ts';
import { setOwn } from './set-own.ts';

const DEPTH = 8;
/** Members of a list or an object that are kept; the rest is counted. */
const MOST_MEMBERS = 100;
/** What a value takes at the least, in bytes, punctuation included. */
const NODE = 8;
/** Stands for what was left out. */
const CUT = '…';

const UNREADABLE = '[unreadable]';

/** A member of an object; getters are code of others. */
function memberOf(value: object, key: string): unknown {
  try {
    return (value as { readonly [key: string]: unknown })[key];
  } catch {
    return UNREADABLE;
  }
}

/** How much room a line has, in bytes, and how it is cleaned. */
export interface LineTerms {
  readonly room: number;
  /** Takes secrets out of texts. */
  readonly scrub: (text: string) => string;
}

/**
 * Turns whatever somebody logs into JSON, within the room that is left: it cannot fail, and takes no longer than the room
 * allows. Made for one line.
 */
export class Loggable {
  readonly #scrub: LineTerms['scrub'];
  readonly #inside = new Set<object>();
  #room: number;

  constructor({ room, scrub }: LineTerms) {
    this.#room = room;
    this.#scrub = scrub;
  }

  /** The room that is left, in bytes. */
  get room(): number {
    return this.#room;
  }

  /** A text without secrets, U+0000 and halves of surrogate pairs, cut to the room. */
  text(text: string): string {
    const clean = this.#scrub(text).toWellFormed().replaceAll('\0', '');
    const bytes = Buffer.byteLength(clean);
    if (bytes <= this.#room) {
      this.#room -= bytes;
      return clean;
    }
    const start = Buffer.from(clean.slice(0, this.#room)).subarray(0, this.#room).toString();
    this.#room = 0;
    return start.replace(/\uFFFD$/, '') + CUT;
  }

  /** The members of an object as they are kept. */
  fields(facts: object): { readonly [key: string]: JsonValue } {
    const json = this.value(isError(facts) ? { err: facts } : facts);
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) {
      return json as { readonly [key: string]: JsonValue };
    }
    return { value: json };
  }

  value(value: unknown, depth = DEPTH): JsonValue {
    if (this.#room <= 0) return CUT;
    this.#room -= NODE;
    switch (typeof value) {
      case 'string':
        return this.text(value);
      case 'boolean':
        return value;
      case 'number':
        return Number.isFinite(value) ? value : String(value);
      case 'bigint':
        return this.text(String(value));
      case 'object':
        return value === null ? null : this.#object(value, depth);
      case 'undefined':
        return null;
      default:
        return this.text(`[${typeof value}]`);
    }
  }

  /** Proxies and `toJSON` are code of others. */
  #object(value: object, depth: number): JsonValue {
    if (this.#inside.has(value)) return '[circular]';
    if (depth === 0) return '[too deep]';
    this.#inside.add(value);
    try {
      return this.#known(value, depth - 1);
    } catch {
      return UNREADABLE;
    } finally {
      this.#inside.delete(value);
    }
  }

  #known(value: object, depth: number): JsonValue {
    if (Array.isArray(value)) return this.#list(value, value.length, depth);
    if (isError(value)) return this.value(toFailure(value, this.#scrub), depth);
    if (isSecret(value)) return this.text(value.toString());
    if (isDate(value)) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
    if (isMap(value) || isSet(value)) return this.#list(value, value.size, depth);
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON === 'function') return this.value(Reflect.apply(toJSON, value, []), depth);
    return this.#members(value, depth);
  }

  #list(values: Iterable<unknown>, size: number, depth: number): JsonValue[] {
    const out: JsonValue[] = [];
    for (const value of values) {
      if (out.length === MOST_MEMBERS || this.#room <= 0) break;
      out.push(this.value(value, depth));
    }
    if (size > out.length) out.push(`${CUT} ${size - out.length} more`);
    return out;
  }

  #members(value: object, depth: number): JsonValue {
    const out: { [key: string]: JsonValue } = {};
    const keys = Object.keys(value);
    let kept = 0;
    for (const key of keys) {
      if (kept === MOST_MEMBERS || this.#room <= 0) break;
      kept++;
      const member = memberOf(value, key);
      if (member !== undefined) setOwn(out, this.text(key), this.value(member, depth));
    }
    if (keys.length > kept) setOwn(out, CUT, `${keys.length - kept} more`);
    return out;
  }
}
