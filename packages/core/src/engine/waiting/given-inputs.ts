import type { GivenInput } from '../../model/shared-state.ts';
import type { Run } from '../../model/run.ts';
import type { EngineCore } from '../engine-core.ts';
import { assertKey } from '../identity.ts';

/** Stands between a name and a number; names that code gives do not hold it. */
const SEPARATOR = '\u001f';

/** The most values that are kept under one name: who gives them unchecked may give them for ever. */
const MOST_REFUSED = 100;

/**
 * Refuses what cannot name an input.
 *
 * @throws `KEY_INVALID`
 */
export function assertInputName(engine: EngineCore, name: string, run: string): void {
  const kept: unknown = typeof name === 'string' && name.includes(SEPARATOR) ? '' : name;
  assertKey(engine, kept, `The name of an input of '${run}'`);
}

/** Under which a value is kept: the first as it is called; one that follows a refused one beside it. */
function keptName(name: string, place: number): string {
  return place === 0 ? name : `${name}${SEPARATOR}${place + 1}`;
}

/** Where it is recorded that the run refused a value. */
export function refusalSlot(kept: GivenInput): string {
  return `refused:${kept.name}`;
}

/** What was given to one generation of a run. */
export class GivenInputs {
  readonly #byName: ReadonlyMap<string, GivenInput>;
  readonly #refused: Set<string>;

  private constructor(given: readonly GivenInput[], refused: Set<string>) {
    this.#byName = new Map(given.map((each) => [each.name, each]));
    this.#refused = refused;
  }

  static async read({ store }: EngineCore, run: Run): Promise<GivenInputs> {
    const { id, rootId, generation } = run;
    const all = await store.inputs(rootId);
    const given = all.filter((each) => each.runId === id && each.generation === generation);
    if (given.length === 0) return new GivenInputs(given, new Set());
    const recorded = await store.recorded(rootId);
    const scope = String(generation);
    const refused = recorded.filter((each) => each.runId === id && each.scope === scope);
    return new GivenInputs(given, new Set(refused.map(({ slot }) => slot)));
  }

  /** The value that counts: the first one that was not refused. */
  standing(name: string): GivenInput | undefined {
    for (let place = 0; ; place++) {
      const kept = this.#byName.get(keptName(name, place));
      if (kept === undefined || !this.#refused.has(refusalSlot(kept))) return kept;
    }
  }

  /** The name under which another value would be kept; undefined when too many were refused. */
  nextName(name: string): string | undefined {
    let place = 0;
    while (this.#byName.has(keptName(name, place))) place++;
    return place < MOST_REFUSED ? keptName(name, place) : undefined;
  }

  /** The value under a kept name. */
  under(kept: string): GivenInput | undefined {
    return this.#byName.get(kept);
  }

  /** The value does not fit: the next one counts. */
  refuse(kept: GivenInput): void {
    this.#refused.add(refusalSlot(kept));
  }
}
