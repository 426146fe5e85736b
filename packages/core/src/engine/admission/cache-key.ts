import type { CacheRule } from '../../definition/cache-options.ts';
import { isHoldfastError } from '../../errors/holdfast-error.ts';
import type { JsonValue } from '../../model/json.ts';
import { canonicalJson, identityHash } from '../../serial/canonical.ts';
import type { EngineCore } from '../engine-core.ts';
import type { Performance } from '../performance.ts';

/** What a run is cached under; or why it cannot be, where that is worth a warning. */
export type CacheKey = { readonly key: string } | { readonly problem: string | undefined };

/** The arguments as the caller gave them, futures replaced by what they gave. */
function givenTo({ definition, handle, args, given, execution }: Performance): readonly unknown[] {
  if (given !== undefined) return given;
  if (definition.checkInput === undefined || handle.run.kind === 'task') return args;
  return execution.engine.codec.decode(handle.run.inputs) as readonly unknown[];
}

/** Arguments that were left out and those that are undefined are the same to a function. */
function withoutLeftOut(args: readonly unknown[]): readonly unknown[] {
  return args.slice(0, args.findLastIndex((arg) => arg !== undefined) + 1);
}

/** A hash of values; undefined for what cannot be kept: a future, which is none yet, among them. */
function hashOf(values: readonly unknown[], { codec }: EngineCore): string | undefined {
  try {
    return identityHash(canonicalJson(codec.encode(values)));
  } catch (error) {
    if (isHoldfastError(error) && error.code === 'NOT_SERIALISABLE') return undefined;
    throw error;
  }
}

/** The texts of the author's functions; undefined where one of them wants no caching. */
function textsOf({ policy }: CacheRule, args: readonly unknown[]): string[] | undefined {
  const texts: string[] = [];
  for (const key of policy.keys) {
    const text: unknown = key(...args);
    if (text === undefined) return undefined;
    if (typeof text !== 'string') throw new TypeError(`it gave ${typeof text} instead of a text`);
    texts.push(text);
  }
  return texts;
}

/** What a run is cached under: its name, and a hash of what its policy looks at. */
export function cacheKeyOf(run: Performance, rule: CacheRule): CacheKey {
  const { definition, handle, execution } = run;
  const { looksAt } = rule.policy;
  const flow = run.flow?.run ?? handle.run;
  const parts: { [part: string]: JsonValue } = {};
  const args = givenTo(run);
  if (!Array.isArray(args)) return { problem: 'its arguments were not kept' };
  if (looksAt.has('inputs')) {
    const hash = hashOf(rule.looksAt(withoutLeftOut(args)), execution.engine);
    if (hash === undefined) return { problem: 'its arguments cannot be hashed' };
    parts['inputs'] = hash;
  }
  try {
    const texts = textsOf(rule, args);
    if (texts === undefined) return { problem: undefined };
    parts['texts'] = texts;
  } catch (error) {
    return { problem: `its cache function failed: ${(error as Error).message}` };
  }
  if (looksAt.has('source')) parts['source'] = String(definition.fn);
  if (looksAt.has('run')) parts['run'] = flow.id;
  if (looksAt.has('flowParameters')) {
    if (flow.kind !== 'flow' || flow.inputs === null) {
      return { problem: 'the parameters of its flow cannot be hashed' };
    }
    parts['parameters'] = flow.inputs;
  }
  const { kind, name } = definition;
  return { key: `${kind} ${name} ${identityHash(canonicalJson(parts))}` };
}
