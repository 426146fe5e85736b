/** Names of limits that no host gives begin so. */
export const RESERVED_PREFIX = 'holdfast:';

const TAG = `${RESERVED_PREFIX}tag:`;
const CACHE = `${RESERVED_PREFIX}cache:`;
const GROUP = `${RESERVED_PREFIX}group:`;

/** The name under which the store keeps the limit of a tag. */
export function limitOfTag(tag: string): string {
  return `${TAG}${tag}`;
}

/** The name of the limit of one by which equal runs are kept from computing at once. */
export function limitOfCacheKey(key: string): string {
  return `${CACHE}${key}`;
}

/** The name by which the limit of a group is told: the names of the groups around it and its own, outermost first. */
export function limitOfGroup(path: readonly string[]): string {
  return `${GROUP}${path.join(' / ')}`;
}

/** What a limit is, in a few words for people. */
export function limitText(limit: string): string {
  if (limit.startsWith(CACHE)) return 'what an equal run computes';
  if (limit.startsWith(TAG)) return `the limit of the tag '${limit.slice(TAG.length)}'`;
  if (limit.startsWith(GROUP)) return `the limit of the group '${limit.slice(GROUP.length)}'`;
  return `the limit '${limit}'`;
}
