import type { Definition } from '../definition/definition.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { isFutureList, type FutureListOfTasks } from '../future/future-list.ts';

/** What a `map` goes through, one item after the other. */
export type Items = Iterator<unknown> | AsyncIterator<unknown>;

/** The error for what cannot be gone through. */
export function notIterable(definition: Definition, items: unknown): HoldfastError {
  const what = typeof items === 'string' ? 'a text' : typeof items;
  return new HoldfastError('MAP_NOT_ITERABLE', `'${definition.name}'.map() was given ${what}.`, {
    hint: 'Give an array, another iterable, an async iterable, or a future of one.',
    retryable: false,
  });
}

/** The members of another list as items: each is a future. */
function membersOf(list: FutureListOfTasks<unknown>): AsyncIterator<unknown> {
  const members = list.parts.members()[Symbol.asyncIterator]();
  return {
    next: async () => {
      const next = await members.next();
      return next.done === true ? next : { done: false, value: next.value.future };
    },
  };
}

/** Whether something can be gone through. A text is no list of characters. */
export function canIterate(items: unknown): items is object {
  return (
    typeof items === 'object' &&
    items !== null &&
    (isFutureList(items) || Symbol.asyncIterator in items || Symbol.iterator in items)
  );
}

/** @throws `MAP_NOT_ITERABLE` */
export function iteratorOf(definition: Definition, items: unknown): Items {
  if (!canIterate(items)) throw notIterable(definition, items);
  if (isFutureList(items)) return membersOf(items);
  return Symbol.asyncIterator in items
    ? (items as AsyncIterable<unknown>)[Symbol.asyncIterator]()
    : (items as Iterable<unknown>)[Symbol.iterator]();
}

/** Whether a source answers in any case: it is at hand, or is a list that ends with what started it. */
export function alwaysAnswers(items: object): boolean {
  return isFutureList(items) || !(Symbol.asyncIterator in items);
}
