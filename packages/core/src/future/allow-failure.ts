import type { Outcome } from '../model/outcome.ts';
import { FutureListOfTasks, isFutureList } from './future-list.ts';
import type { Member } from './member-log.ts';
import {
  FutureOfTask,
  isFuture,
  type TaskFuture,
  type TaskFutureList,
  type Waitable,
} from './task-future.ts';

function tolerate(source: FutureOfTask<unknown>): FutureOfTask<Outcome<unknown>> {
  const { parts } = source;
  parts.observe();
  return new FutureOfTask({
    settled: parts.settled.then((outcome) => ({ ok: true, value: outcome, state: 'COMPLETED' })),
    ended: () => parts.ended(),
    identity: () => `outcome(${parts.identity()})`,
    dependencies: () => parts.dependencies(),
    runId: () => parts.runId(),
    observe: () => parts.observe(),
    cancel: (reason) => parts.cancel(reason),
    waiting: (work) => parts.waiting(work),
    selfWait: () => parts.selfWait(),
  });
}

function tolerateMembers(
  source: AsyncIterable<Member<unknown>>,
): AsyncIterable<Member<Outcome<unknown>>> {
  return {
    [Symbol.asyncIterator]: () => {
      const members = source[Symbol.asyncIterator]();
      return {
        next: async () => {
          const next = await members.next();
          return next.done === true
            ? { done: true as const, value: undefined }
            : { done: false as const, value: { future: tolerate(next.value.future) } };
        },
      };
    },
  };
}

/**
 * A future of how a task ends, in place of its value: what takes it as input runs also when the task
 * failed. The failure counts as looked at.
 */
export function allowFailure<T>(future: TaskFutureList<T>): TaskFutureList<Outcome<T>>;
export function allowFailure<T>(future: TaskFuture<T>): TaskFuture<Outcome<T>>;
export function allowFailure(future: Waitable): Waitable {
  const given: unknown = future;
  if (isFutureList(given)) {
    const { parts } = given;
    parts.observe();
    return new FutureListOfTasks({
      members: () => tolerateMembers(parts.members()),
      ended: parts.ended,
      identity: () => `outcomes(${parts.identity()})`,
      observe: parts.observe,
      observeItems: parts.observeItems,
      cancel: parts.cancel,
      waiting: parts.waiting,
      selfWait: parts.selfWait,
      stopsOnFailure: false,
    }) as unknown as Waitable;
  }
  if (isFuture(given)) return tolerate(given) as unknown as Waitable;
  throw new TypeError('allowFailure() takes what submit() or map() gave.');
}
