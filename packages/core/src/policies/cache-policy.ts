import { optionsInvalid } from '../errors/errors.ts';

/** What a policy may look at beside texts of the author's own. */
export type CacheInput = 'inputs' | 'source' | 'run' | 'flowParameters';

/** Gives the text by which equal calls know each other. Undefined: this call is not cached. */
export type CacheKeyFunction<A extends readonly unknown[] = readonly unknown[]> = (
  ...args: A
) => string | undefined;

interface Parts<A extends readonly unknown[]> {
  readonly looksAt: ReadonlySet<CacheInput>;
  readonly leftOut: ReadonlySet<string>;
  readonly keys: readonly CacheKeyFunction<A>[];
}

const POLICY = Symbol.for('@holdfast/cache-policy');

/**
 * What makes two calls of a flow or task equal, so that the second is given what the first gave. An immutable value:
 * `and` and `without` give others. `A` are the arguments that its functions take. See {@link cacheBy}.
 */
export class CachePolicy<A extends readonly unknown[] = readonly unknown[]> implements Parts<A> {
  readonly [POLICY] = true;
  /** What it looks at. */
  readonly looksAt: ReadonlySet<CacheInput>;
  /** Names of parameters that it does not look at although it looks at the inputs. */
  readonly leftOut: ReadonlySet<string>;
  /** Functions whose texts it looks at. */
  readonly keys: readonly CacheKeyFunction<A>[];

  constructor({ looksAt, leftOut, keys }: Parts<A>) {
    this.looksAt = looksAt;
    this.leftOut = leftOut;
    this.keys = keys;
  }

  /** Whether it looks at nothing: what has this policy is not cached. */
  get isNone(): boolean {
    return this.looksAt.size === 0 && this.keys.length === 0;
  }

  /** Looks at what the other looks at, too. With `cacheBy.none` it is the policy itself. */
  and<B extends readonly unknown[]>(
    other: CachePolicy<B> | CacheKeyFunction<B>,
  ): CachePolicy<A & B> {
    const added = typeof other === 'function' ? byKey(other) : other;
    if (!isCachePolicy(added)) {
      throw optionsInvalid(
        'A cache policy',
        'and() was given something that is no policy',
        'Give one of cacheBy, or a function of the arguments that gives a text.',
      );
    }
    return new CachePolicy<A & B>({
      looksAt: new Set([...this.looksAt, ...added.looksAt]),
      leftOut: leftOutByBoth(this, added),
      keys: [...this.keys, ...added.keys],
    });
  }

  /**
   * Looks at the inputs without these: names of parameters of the function. That they are some is checked where the
   * policy is given to a definition.
   *
   * @throws `OPTIONS_INVALID` for a policy that does not look at the inputs
   */
  without(...parameters: readonly string[]): CachePolicy<A> {
    if (!this.looksAt.has('inputs')) {
      throw optionsInvalid(
        'A cache policy',
        `it does not look at the inputs, so '${parameters.join("', '")}' cannot be left out`,
        "Write cacheBy.inputs.without('…').and(…).",
      );
    }
    return new CachePolicy({
      looksAt: this.looksAt,
      leftOut: new Set([...this.leftOut, ...parameters]),
      keys: this.keys,
    });
  }
}

/** An input counts as soon as one of both looks at it. */
function leftOutByBoth(a: CachePolicy<never>, b: CachePolicy<never>): ReadonlySet<string> {
  if (!a.looksAt.has('inputs')) return b.leftOut;
  if (!b.looksAt.has('inputs')) return a.leftOut;
  return new Set([...a.leftOut].filter((name) => b.leftOut.has(name)));
}

function by(...looksAt: readonly CacheInput[]): CachePolicy {
  return new CachePolicy({ looksAt: new Set(looksAt), leftOut: new Set(), keys: [] });
}

/** Whether a value is a policy, of this copy of the package or another. */
export function isCachePolicy(value: unknown): value is CachePolicy {
  return typeof value === 'object' && value !== null && POLICY in value;
}

/** The policy of a function of the author's own. */
export function byKey<A extends readonly unknown[]>(key: CacheKeyFunction<A>): CachePolicy<A> {
  return new CachePolicy<A>({ looksAt: new Set(), leftOut: new Set(), keys: [key] });
}

/**
 * The policies of the option `cache`, to be joined with `and`, narrowed with `without`. Whatever a policy looks at,
 * results are shared only by runs of one flow or task, known by its name.
 */
export const cacheBy: {
  /** The arguments. */
  readonly inputs: CachePolicy;
  /** The text of the function: a changed function is executed again. What it calls is no part of it. */
  readonly source: CachePolicy;
  /** The flow run whose code makes the call, or has started the task that makes it; of a top-level flow, its own run. */
  readonly run: CachePolicy;
  /** The arguments of that flow run. */
  readonly flowParameters: CachePolicy;
  /** Nothing: no caching, where a definition has it and a call shall not. */
  readonly none: CachePolicy;
} = Object.freeze({
  inputs: by('inputs'),
  source: by('source'),
  run: by('run'),
  flowParameters: by('flowParameters'),
  none: by(),
});
