import type { RunId } from '../model/ids.ts';
import type { Run } from '../model/run.ts';

/** No name and no key holds U+0000. */
function identityOf(name: string, key: string): string {
  return `${name}\0${key}`;
}

/**
 * Runs that an earlier process or try left, until the code that had started them asks for them again. What is
 * taken is forgotten: a later try reads it anew.
 */
export class RememberedRuns {
  readonly #byParent = new Map<RunId, Map<string, Run>>();

  note(run: Run): void {
    const { parentId, key, name } = run;
    if (parentId === undefined || key === undefined) return;
    const siblings = this.#byParent.get(parentId);
    if (siblings === undefined)
      this.#byParent.set(parentId, new Map([[identityOf(name, key), run]]));
    else siblings.set(identityOf(name, key), run);
  }

  /** Whether anything may be left under a parent. */
  has(parentId: RunId): boolean {
    return this.#byParent.has(parentId);
  }

  /** Whether a run with this identity is left. */
  knows(parentId: RunId, name: string, key: string): boolean {
    return this.#byParent.get(parentId)?.has(identityOf(name, key)) ?? false;
  }

  /** The run with this identity, if one is left. */
  take(parentId: RunId, name: string, key: string): Run | undefined {
    const siblings = this.#byParent.get(parentId);
    if (siblings === undefined) return undefined;
    const run = siblings.get(identityOf(name, key));
    siblings.delete(identityOf(name, key));
    return run;
  }

  /** All that is left under a parent: its code did not ask for them. */
  takeRest(parentId: RunId): readonly Run[] {
    const siblings = this.#byParent.get(parentId);
    if (siblings === undefined) return [];
    this.#byParent.delete(parentId);
    return [...siblings.values()];
  }
}
