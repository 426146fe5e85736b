import { hash } from 'node:crypto';
import type { JsonValue } from '../model/json.ts';

/** JSON with the keys of every object in order: equal values give equal texts. */
export function canonicalJson(json: JsonValue): string {
  if (typeof json !== 'object' || json === null) return JSON.stringify(json);
  if (Array.isArray(json)) return `[${json.map(canonicalJson).join(',')}]`;
  const object = json as { readonly [key: string]: JsonValue };
  const parts = Object.keys(object)
    .toSorted()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key] as JsonValue)}`);
  return `{${parts.join(',')}}`;
}

const ENCODER = new TextEncoder();
/** A whole hash, on its way to being cut: one array for all, since making one takes longer than filling it. */
const DIGITS = Buffer.alloc(43);

/**
 * A hash of a text for identities: SHA-256, the first 132 bits, in base64url. In a text of its own: a slice of the
 * whole hash would keep that in memory for as long as the run.
 */
export function identityHash(text: string): string {
  ENCODER.encodeInto(hash('sha256', text, 'base64url'), DIGITS);
  return DIGITS.toString('latin1', 0, 22);
}
