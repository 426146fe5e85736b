import type { Definition } from '../definition/definition.ts';
import type { FutureListOfTasks } from '../future/future-list.ts';
import { ObservedPromise } from '../future/observed-promise.ts';
import { FutureOfTask, valueOf } from '../future/task-future.ts';
import type { RunId } from '../model/ids.ts';
import type { Outcome } from '../model/outcome.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { ChildRun } from './child-run.ts';
import { defaultTarget } from './default-engine.ts';
import { startMapping, type MapCall } from './mapping.ts';
import { failed } from './outcomes.ts';
import { currentScope, type Scope } from './scope.ts';
import { stretchIn } from './stretch.ts';

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
  let ended = false;
  let runId: RunId | undefined;
  started.then(
    (handle) => {
      runId = handle.id;
    },
    () => undefined,
  );
  void settled.then(() => {
    ended = true;
  });
  return new FutureOfTask({
    settled,
    ended: () => ended,
    identity: () => definition.name,
    dependencies: () => [],
    runId: () => runId,
    observe: () => undefined,
    waiting: (work) => work,
    selfWait: () => undefined,
    cancel: (reason) => {
      started.then((handle) => handle.cancel(reason)).catch(() => undefined);
    },
  });
}

/** A call that could not start: the run whose code made it accounts for it, as for any other failure. */
function notStarted(scope: Scope, definition: Definition, error: Error): Promise<never> {
  let observed = false;
  stretchIn(scope).accounts.adopt({
    name: definition.name,
    failedRuns: 0,
    settled: Promise.resolve(failed('FAILED', error)),
    error,
    get observed() {
      return observed;
    },
  });
  return ObservedPromise.watch(Promise.reject(error), {
    observe: () => {
      observed = true;
    },
  });
}

/** Calls a flow or task: in the run whose code this is, else on the default engine. */
export function callDefinition(definition: Definition, args: readonly unknown[]): Promise<unknown> {
  const scope = currentScope();
  if (scope === undefined) {
    const future = outsideFuture(definition, args);
    return ObservedPromise.watch(future.parts.settled.then(valueOf<unknown>), undefined);
  }
  try {
    return ChildRun.start(scope, definition, args).future.result();
  } catch (error) {
    return notStarted(scope, definition, error as Error);
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
export function mapDefinition(definition: Definition, call: MapCall): FutureListOfTasks<unknown> {
  const scope = currentScope();
  if (scope === undefined) {
    throw new HoldfastError('NO_RUN', `'${definition.name}'.map() was called outside of a flow.`, {
      hint: 'Call it within a flow, which waits for all members.',
      retryable: false,
    });
  }
  return startMapping(scope, definition, call);
}
