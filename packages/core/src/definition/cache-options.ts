import { optionsInvalid } from '../errors/errors.ts';
import { durationMs, type Duration } from '../model/duration.ts';
import { byKey, isCachePolicy, type CachePolicy } from '../policies/cache-policy.ts';
import type { GivenOptions, Loose } from './definition.ts';
import { parametersOf, showsSource } from './parameter-names.ts';

/** How results of a flow or task are cached. */
export interface CacheRule {
  readonly policy: CachePolicy;
  /** The arguments that the policy looks at. */
  readonly looksAt: (args: readonly unknown[]) => readonly unknown[];
  /** How long a result is served, in milliseconds. Infinity: for ever. */
  readonly maxAge: number;
  /** Whether the run is executed all the same, and its result replaces what is kept. */
  readonly refresh: boolean;
}

function policyOf(what: string, given: unknown): CachePolicy | undefined {
  if (isCachePolicy(given)) return given.isNone ? undefined : given;
  if (typeof given === 'function') return byKey(given as (...args: readonly unknown[]) => string);
  throw optionsInvalid(
    what,
    'cache must be a policy, or a function of the arguments that gives a text',
    'Write cache: cacheBy.inputs.',
  );
}

/** Takes the arguments of the parameters that a policy leaves out from a list. */
function looksAt(what: string, { leftOut }: CachePolicy, fn: Loose): CacheRule['looksAt'] {
  if (leftOut.size === 0) return (args) => args;
  const parameters = parametersOf(fn);
  const names = parameters.map(({ name }) => name);
  for (const name of leftOut) {
    if (names.includes(name)) continue;
    const known = names.filter((each) => each !== undefined).join(', ');
    throw optionsInvalid(
      what,
      `cache leaves out '${name}', and its function has no parameter of that name`,
      `Its text has these: ${known === '' ? 'none' : known}. Where a build renames them, give a function instead of a policy.`,
    );
  }
  const out = parameters.map(({ name }) => name !== undefined && leftOut.has(name));
  const rest = parameters.at(-1)?.rest === true;
  return (args) =>
    args.filter((_, at) => !(out[rest ? Math.min(at, out.length - 1) : at] ?? false));
}

function maxAgeOf(what: string, given: unknown): number {
  if (given === undefined) return Number.POSITIVE_INFINITY;
  const ms = durationMs(given as Duration, `${what}: cacheFor`);
  if (ms > 0) return ms;
  throw optionsInvalid(what, 'cacheFor must be more than 0', 'Leave cache out to cache nothing.');
}

/**
 * Reads the options of caching.
 *
 * @returns undefined where nothing is cached
 * @throws `OPTIONS_INVALID`, `DURATION_INVALID`
 */
export function cacheRule(
  kind: 'flow' | 'task',
  what: string,
  fn: Loose,
  options: GivenOptions,
): CacheRule | undefined {
  const maxAge = maxAgeOf(what, options['cacheFor']);
  if (options['cache'] === undefined) {
    const idle = ['cacheFor', 'refreshCache'].find((option) => options[option] !== undefined);
    if (idle === undefined) return undefined;
    throw optionsInvalid(what, `${idle} does nothing without cache`, 'Say what it is cached by.');
  }
  const policy = policyOf(what, options['cache']);
  if (policy === undefined) return undefined;
  if (policy.looksAt.has('source') && !showsSource(fn)) {
    throw optionsInvalid(
      what,
      'cache looks at the source, which a native or bound function does not show',
      'Wrap it in a function of its own.',
    );
  }
  if (kind === 'flow' && policy.looksAt.has('flowParameters')) {
    throw optionsInvalid(
      what,
      'cache looks at the parameters of the flow around it, which a top-level flow does not have',
      'Its own are its inputs: cacheBy.inputs.',
    );
  }
  const refresh = options['refreshCache'] === true;
  return { policy, looksAt: looksAt(what, policy, fn), maxAge, refresh };
}
