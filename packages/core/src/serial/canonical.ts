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

/** A hash of a text for identities: SHA-256, the first 132 bits, in base64url. */
export function identityHash(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 22);
}
