import type { Definition } from '../definition/definition.ts';
import type { FutureListOfTasks } from '../future/future-list.ts';
import { ObservedPromise } from '../future/observed-promise.ts';
import { FutureOfTask, valueOf } from '../future/task-future.ts';
import type { Outcome } from '../model/outcome.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { ChildRun } from './child-run.ts';
import { defaultTarget } from './default-engine.ts';
import { startMapping } from './mapping.ts';
import { currentScope } from './scope.ts';

/** A future of a run in the default engine, where no flow accounts for its failure. */
function outsideFuture(definition: Definition, args: readonly unknown[]): FutureOfTask<unknown> {
  const started = defaultTarget().startDefinition(definition, args, {});
  const settled = started
    .then((handle) => handle.outcome())
    .catch((error: unknown): Outcome<unknown> => ({
      ok: false,
      error: error as Error,
      state: 'FAILED',
    }));
  return new FutureOfTask({
    settled,
    identity: () => definition.name,
    dependencies: () => [],
    runId: () => undefined,
    observe: () => undefined,
    cancel: (reason) => {
      started.then((handle) => handle.cancel(reason)).catch(() => undefined);
    },
  });
}

/** Calls a flow or task: in the run whose code this is, else on the default engine. */
export function callDefinition(definition: Definition, args: readonly unknown[]): Promise<unknown> {
  const scope = currentScope();
  if (scope === undefined) {
    const future = outsideFuture(definition, args);
    return future.parts.settled.then(valueOf<unknown>);
  }
  try {
    return ChildRun.start(scope, definition, args).future.result();
  } catch (error) {
    return ObservedPromise.reject(error);
  }
}

/** Starts a task and gives its future. */
export function submitDefinition(
  definition: Definition,
  args: readonly unknown[],
): FutureOfTask<unknown> {
  const scope = currentScope();
  if (scope === undefined) return outsideFuture(definition, args);
  return ChildRun.start(scope, definition, args).future;
}

/** Starts a task for each item. */
export function mapDefinition(
  definition: Definition,
  items: unknown,
  toArguments: (item: unknown) => readonly unknown[],
): FutureListOfTasks<unknown> {
  const scope = currentScope();
  if (scope === undefined) {
    throw new HoldfastError('NO_RUN', `'${definition.name}'.map() was called outside of a flow.`, {
      hint: 'Call it within a flow, which waits for all members.',
      retryable: false,
    });
  }
  return startMapping(scope, definition, items, toArguments);
}
