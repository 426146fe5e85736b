import { define } from '../definition/define.ts';
import type { Definition } from '../definition/definition.ts';
import { engineStopped } from '../errors/errors.ts';
import { ChildRun } from './child-run.ts';
import { currentScope } from './scope.ts';

/** A task that is called outside of every flow runs in a flow of its own. */
export function flowAround(task: Definition): Definition {
  const call = (...args: readonly unknown[]): unknown => {
    const scope = currentScope();
    if (scope === undefined) throw engineStopped();
    return ChildRun.start(scope, task, args).future.result();
  };
  const { secretArgs } = task.given;
  return define('flow', call, { name: `task ${task.name}`, secretArgs });
}
