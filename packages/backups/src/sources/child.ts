import type { Child, ChildOptions } from '@holdfast/core/process';

/** Starts a program, as `startChild` of `@holdfast/core/process` does; a run's own is recorded for recovery. */
export type StartChild = (command: string, options?: ChildOptions) => Promise<Child>;
