const QUOTED = Symbol.for('@holdfast/quoted');

declare const quoted: unique symbol;

/** A value that is passed as it is. Made by {@link quote}. */
export interface Quoted<out T> {
  readonly [quoted]: T;
}

/** The quote itself. No thenable: an async helper may give it back. */
export class QuotedValue {
  readonly [QUOTED] = true;
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }

  toJSON(): string {
    return 'quote()';
  }
}

/**
 * Passes a value to a task as it is, in place of the value: nothing in it is searched for futures, awaited, or counted
 * as a dependency. For futures that the task itself is to have, and for data so large that a search would cost.
 *
 * It is hashed for the identity of the call all the same; a future in it stands for the run that it comes from. A
 * task that was given a future this way can wait for it, but has no claim that it is there after a crash: the flow that
 * submitted it does that again.
 */
export function quote<T>(value: T): Quoted<T> {
  return new QuotedValue(value) as unknown as Quoted<T>;
}

/** Whether a value is a quote, of this copy of the package or another. */
export function isQuoted(value: unknown): value is QuotedValue {
  return typeof value === 'object' && value !== null && QUOTED in value;
}
