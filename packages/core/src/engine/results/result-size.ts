import type { JsonValue } from '../../model/json.ts';

/** The most bytes that one character of a text takes in JSON: `\u0001`. */
const MOST_PER_CHARACTER = 6;
/** The most that a number takes, and what goes with a member of a list or an object. */
const MOST_PER_VALUE = 26;

/** What is left of some room, at the least, after a value; negative as soon as it may not fit. */
function roomAfter(json: JsonValue, room: number): number {
  if (typeof json === 'string') return room - MOST_PER_VALUE - json.length * MOST_PER_CHARACTER;
  if (typeof json !== 'object' || json === null) return room - MOST_PER_VALUE;
  let left = room - MOST_PER_VALUE;
  if (Array.isArray(json)) {
    for (const each of json as readonly JsonValue[]) {
      if (left < 0) return left;
      left = roomAfter(each, left);
    }
    return left;
  }
  const object = json as { readonly [key: string]: JsonValue };
  for (const key of Object.keys(object)) {
    if (left < 0) return left;
    left = roomAfter(object[key] as JsonValue, left - key.length * MOST_PER_CHARACTER);
  }
  return left;
}

/**
 * The JSON text of a value that takes more than some bytes; undefined for one that takes no more. Most values are so much
 * smaller that no text has to be made of them to know.
 *
 * @throws RangeError when the text would be longer than a text can be
 */
export function textBeyond(json: JsonValue, bytes: number): string | undefined {
  if (roomAfter(json, bytes) >= 0) return undefined;
  const text = JSON.stringify(json);
  return Buffer.byteLength(text) > bytes ? text : undefined;
}
