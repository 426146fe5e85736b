import type { RunId } from '../model/ids.ts';
import type { Run } from '../model/run.ts';
import type { StateName } from '../model/state.ts';

/** A run as it is mentioned in what tells of another: enough to name it, and to find it. */
export interface NamedRun {
  readonly id: RunId;
  readonly kind: 'flow' | 'task';
  /** The definition's name. */
  readonly name: string;
  /** What people call this run, where its definition says so. */
  readonly runName?: string;
  /** The display name of its state, as stored. */
  readonly state: StateName;
}

/** A run, as it is mentioned. */
export function namedRun({ id, kind, name, runName, state }: Run): NamedRun {
  return { id, kind, name, ...(runName === undefined ? {} : { runName }), state: state.name };
}

/** What people call a run: the name that its definition gave it, or that of the definition. */
export function titleOf(run: { readonly name: string; readonly runName?: string }): string {
  return run.runName === undefined || run.runName === '' ? run.name : run.runName;
}
