import { definitionOf, type GivenOptions, type Loose } from './definition/definition.ts';
import type { Args, TaskFunction, Value } from './definition/callable-types.ts';
import type { Each, Head, Inputs, Tail } from './definition/input-types.ts';
import type { TaskFuture, TaskFutureList } from './future/task-future.ts';
import { optionsInvalid } from './errors/errors.ts';
import { optionsOf, wrap } from './callable.ts';
import { definer } from './decorators.ts';

const input =
  (schema: GivenOptions['input']) =>
  (fn: Loose, options?: unknown): unknown =>
    wrap('task', fn, {
      ...optionsOf('task.input()', options),
      ...(schema === undefined ? {} : { input: schema }),
    });

/**
 * Makes a task of a function: `task(fn, options)`; or decorates a method: `@task(options)`.
 *
 * A task is the unit that is retried, timed out and kept: once it has completed, a resumed flow is given its
 * result instead of executing it again. What it returns must be serialisable (see `NOT_SERIALISABLE`).
 *
 * @throws `OPTIONS_INVALID`, `DURATION_INVALID` at definition
 */
export const task: TaskFunction = Object.assign(definer('task'), {
  input,
}) as unknown as TaskFunction;

type Members = { readonly [member in 'submit' | 'map']: (...args: readonly unknown[]) => unknown };

function taskMembers(fn: unknown, verb: string): Members {
  if (definitionOf(fn)?.kind === 'task') return fn as Members;
  throw optionsInvalid(
    `${verb}()`,
    'it was given something that is no task',
    'Decorate the method with @task(), or wrap it with task().',
  );
}

/** Submits a decorated method: `submit(this.dump, db)`. Throws `OPTIONS_INVALID` for what is no task. */
export function submit<F extends Function>(fn: F, ...args: Inputs<Args<F>>): TaskFuture<Value<F>> {
  return taskMembers(fn, 'submit').submit(...args) as TaskFuture<Value<F>>;
}

/** Maps a decorated method: `map(this.dump, databases)`. Throws `OPTIONS_INVALID` for what is no task. */
export function map<F extends Function>(
  fn: F,
  items: Each<Head<Args<F>>>,
  ...rest: Inputs<Tail<Args<F>>>
): TaskFutureList<Value<F>> {
  return taskMembers(fn, 'map').map(items, ...rest) as TaskFutureList<Value<F>>;
}
