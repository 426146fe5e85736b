import type { Run } from '../../model/run.ts';
import type { RunEntry } from './memory-tables.ts';

/** What makes a run unique beside its id: whose child it is, its name, its key. Undefined for a run without a key. */
function identityOf(run: Run): readonly [parent: string, name: string, key: string] | undefined {
  if (run.parentId !== undefined) {
    return run.key === undefined ? undefined : [run.parentId, run.name, run.key];
  }
  const key = run.kind === 'flow' ? run.idempotencyKey : undefined;
  return key === undefined ? undefined : ['', run.name, key];
}

/** Finds runs by their identity. Keyed by the texts that the records hold anyway, since there is one entry a run. */
export class Identities {
  readonly #parents = new Map<string, Map<string, Map<string, RunEntry>>>();

  /** The run that has the identity of this one. */
  find(run: Run): RunEntry | undefined {
    const identity = identityOf(run);
    if (identity === undefined) return undefined;
    const [parent, name, key] = identity;
    return this.#parents.get(parent)?.get(name)?.get(key);
  }

  add(entry: RunEntry): void {
    const identity = identityOf(entry.run);
    if (identity === undefined) return;
    const [parent, name, key] = identity;
    let names = this.#parents.get(parent);
    if (names === undefined) this.#parents.set(parent, (names = new Map()));
    let keys = names.get(name);
    if (keys === undefined) names.set(name, (keys = new Map()));
    keys.set(key, entry);
  }

  forget({ run }: RunEntry): void {
    const identity = identityOf(run);
    if (identity === undefined) return;
    const [parent, name, key] = identity;
    const names = this.#parents.get(parent);
    const keys = names?.get(name);
    keys?.delete(key);
    if (keys?.size === 0) names?.delete(name);
    if (names?.size === 0) this.#parents.delete(parent);
  }
}

/** Whether two records are of one run: what no write changes. */
export function sameIdentity(a: Run, b: Run): boolean {
  return (
    a.kind === b.kind &&
    a.name === b.name &&
    a.rootId === b.rootId &&
    a.parentId === b.parentId &&
    a.key === b.key &&
    (a.kind === 'task' || a.idempotencyKey === (b as typeof a).idempotencyKey)
  );
}
