import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { RunId } from '../../model/ids.ts';
import type { Run } from '../../model/run.ts';
import type { Definitions } from '../definitions.ts';

/** Code of this process that waits for an input. */
export interface InputWaiter {
  readonly runId: RunId;
  readonly name: string;
  readonly schema: StandardSchemaV1 | undefined;
  /** A value was given: it is to be looked for at once. */
  arrived(): void;
}

/** Brings together, within one engine, who waits for inputs and who gives them. */
export class InputDesk {
  readonly #definitions: Definitions;
  readonly #waiters = new Set<InputWaiter>();

  constructor(definitions: Definitions) {
    this.#definitions = definitions;
  }

  /** Takes a waiter in, until the function given back is called. */
  enter(waiter: InputWaiter): () => void {
    this.#waiters.add(waiter);
    return () => this.#waiters.delete(waiter);
  }

  /** What a value has to fit, as far as it is known here: by the code that waits, or by the definition of its run. */
  schemaOf({ id, kind, name: definition }: Run, name: string): StandardSchemaV1 | undefined {
    for (const waiter of this.#waiters) {
      if (waiter.runId === id && waiter.name === name && waiter.schema !== undefined) {
        return waiter.schema;
      }
    }
    return this.#definitions.get(kind, definition)?.inputs[name];
  }

  /** Tells who waits for a value that it was given. */
  arrived(id: RunId, name: string): void {
    for (const waiter of this.#waiters) {
      if (waiter.runId === id && waiter.name === name) waiter.arrived();
    }
  }
}
