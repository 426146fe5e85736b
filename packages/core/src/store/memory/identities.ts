import type { RunId } from '../../model/ids.ts';
import type { FlowRun, Run } from '../../model/run.ts';

/** What the identity of a run is made of. */
export type Identified = Pick<Run, 'id' | 'kind' | 'name' | 'parentId' | 'key'> &
  Pick<FlowRun, 'idempotencyKey'>;

/** What makes a run unique beside its id: its name, its key, and whose child it is. Undefined for a run without a key. */
function keyOf({ kind, parentId, key, idempotencyKey }: Identified): string | undefined {
  if (parentId !== undefined) return key;
  return kind === 'flow' ? idempotencyKey : undefined;
}

/** Finds runs by their identity. Keyed by the texts that the records hold anyway, since there is one entry a run. */
export class Identities {
  readonly #parents = new Map<string, Map<string, Map<string, RunId>>>();

  /** The run that has the identity of this one. */
  find(run: Identified): RunId | undefined {
    const key = keyOf(run);
    if (key === undefined) return undefined;
    return this.#parents
      .get(run.parentId ?? '')
      ?.get(run.name)
      ?.get(key);
  }

  add(run: Identified): void {
    const key = keyOf(run);
    if (key === undefined) return;
    const { id, name, parentId = '' } = run;
    let names = this.#parents.get(parentId);
    if (names === undefined) this.#parents.set(parentId, (names = new Map()));
    let keys = names.get(name);
    if (keys === undefined) names.set(name, (keys = new Map()));
    keys.set(key, id);
  }

  /** Forgets a run without a parent. */
  forget({ idempotencyKey, name }: FlowRun): void {
    if (idempotencyKey === undefined) return;
    const names = this.#parents.get('');
    const keys = names?.get(name);
    keys?.delete(idempotencyKey);
    if (keys?.size === 0) names?.delete(name);
    if (names?.size === 0) this.#parents.delete('');
  }

  /** Forgets all children of a run. */
  forgetBelow(parentId: RunId): void {
    this.#parents.delete(parentId);
  }
}
