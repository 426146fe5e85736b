import { isRunId, type RunId } from './ids.ts';

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

/** What a limit is of. */
export type LimitKind =
  /** One that the engine was given by name, or for a tag; or that of a group, by the names of the groups around it and its own. */
  | { readonly kind: 'limit' | 'tag' | 'group'; readonly name: string }
  /** What an equal run computes, by whose result this one is served. */
  | { readonly kind: 'cache' };

/** Reads the name of a limit. */
export function limitKind(limit: string): LimitKind {
  if (limit.startsWith(CACHE)) return { kind: 'cache' };
  if (limit.startsWith(TAG)) return { kind: 'tag', name: limit.slice(TAG.length) };
  if (limit.startsWith(GROUP)) return { kind: 'group', name: limit.slice(GROUP.length) };
  return { kind: 'limit', name: limit };
}

/** What a limit is, in a few words for people. */
export function limitText(of: LimitKind): string {
  if (of.kind === 'cache') return 'the result of an equal run';
  return of.kind === 'limit'
    ? `the limit '${of.name}'`
    : `the limit of the ${of.kind} '${of.name}'`;
}

/** The id of a request for permits: of a run, told apart by a number. */
export function permitId(runId: string, number: number): string {
  return `${runId}/${number}`;
}

/** The run that a request for permits was made for; undefined for one of another make. */
export function runOfPermit(id: string): RunId | undefined {
  const [runId = ''] = id.split('/');
  return isRunId(runId) ? runId : undefined;
}
