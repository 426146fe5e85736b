import type { Child, ChildOptions } from '@holdfast/core/process';

/** Starts a program, as `startChild` of `@holdfast/core/process` does; a run's own is recorded for recovery. */
export type StartChild = (command: string, options?: ChildOptions) => Promise<Child>;

/**
 * The children of one piece of work: none is left when it is over, however it ends. What waits for them may have been
 * left in the middle, by an abort.
 */
export class Children {
  readonly #startChild: StartChild;
  readonly #begun = new Set<Promise<Child>>();

  constructor(startChild: StartChild) {
    this.#startChild = startChild;
  }

  readonly start: StartChild = (command, options) => {
    const starting = this.#startChild(command, options);
    this.#begun.add(starting);
    const forget = (): void => void this.#begun.delete(starting);
    starting.then((child) => child.done).then(forget, forget);
    return starting;
  };

  /** Ends those that still run, with what they have started, and waits for their end. */
  async end(): Promise<void> {
    await Promise.allSettled([...this.#begun].map(async (starting) => (await starting).kill()));
  }
}
