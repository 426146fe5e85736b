/** Names of limits that no host gives begin so. */
export const RESERVED_PREFIX = 'holdfast:';

const TAG = `${RESERVED_PREFIX}tag:`;
const CACHE = `${RESERVED_PREFIX}cache:`;

/** The name under which the store keeps the limit of a tag. */
export function limitOfTag(tag: string): string {
  return `${TAG}${tag}`;
}

/** The name of the limit of one by which equal runs are kept from computing at once. */
export function limitOfCacheKey(key: string): string {
  return `${CACHE}${key}`;
}

/** What a limit is of, as its name says. */
export type LimitKind =
  | { readonly of: 'limit' | 'tag'; readonly name: string }
  | { readonly of: 'cache' };

/** Reads the name of a limit. */
export function limitKind(limit: string): LimitKind {
  if (limit.startsWith(TAG)) return { of: 'tag', name: limit.slice(TAG.length) };
  return limit.startsWith(CACHE) ? { of: 'cache' } : { of: 'limit', name: limit };
}
