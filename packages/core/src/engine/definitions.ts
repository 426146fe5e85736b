import type { Definition } from '../definition/definition.ts';
import { optionsInvalid } from '../errors/errors.ts';

/** The definitions that an engine knows by name: those it was given, and those it has seen called. */
export class Definitions {
  readonly #known = new Map<string, Definition>();

  get(kind: 'flow' | 'task', name: string): Definition | undefined {
    return this.#known.get(`${kind}|${name}`);
  }

  /** Notes a definition when it is called; `with()` and methods of other instances replace it. */
  note(definition: Definition): void {
    this.#known.set(`${definition.kind}|${definition.name}`, definition);
  }

  /**
   * Registers a definition of the engine's options.
   *
   * @throws `OPTIONS_INVALID` when two functions share a name: a resume could not tell them apart
   */
  register(definition: Definition): void {
    const known = this.get(definition.kind, definition.name);
    if (known !== undefined && known.fn !== definition.fn) {
      throw optionsInvalid(
        'The engine',
        `two ${definition.kind}s are named '${definition.name}'`,
        'Give one of them another name: runs are found again by it.',
      );
    }
    this.note(definition);
  }
}
