import type { RunId } from '../model/ids.ts';
import type { State } from '../model/state.ts';

/** What a hook is told beside its subject. */
export interface HookInfo {
  /** The same each time this hook is told of this state again: what must have one effect is known by it. */
  readonly id: string;
  readonly kind: 'flow' | 'task';
  readonly runId: RunId;
  /** The top-level flow run. */
  readonly rootId: RunId;
  /** The definition's name. */
  readonly name: string;
  readonly state: State;
}
