import type { Definition } from '../definition/definition.ts';
import type { Bound } from '../model/bounds.ts';
import type { Dependency } from '../model/run.ts';
import type { Cancellation } from './cancellation.ts';
import type { Execution } from './execution.ts';
import type { RunHandle } from './run-handle.ts';

/** A run that is about to be executed. */
export interface Performance {
  readonly execution: Execution;
  readonly handle: RunHandle;
  readonly definition: Definition;
  readonly args: readonly unknown[];
  readonly cancellation: Cancellation;
  /** The arguments as they were given, where a check has made others of them. */
  readonly given?: readonly unknown[];
  /** The flow run whose code has started it, or has started the task that did. Absent for a top-level run. */
  readonly flow?: RunHandle | undefined;
  /** When its time is over: by itself, or by what started it. Undefined where nothing bounds it. */
  readonly bound: Bound | undefined;
  /** What a task takes as input. */
  readonly dependsOn?: readonly Dependency[];
}
