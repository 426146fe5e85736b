import type { Definition } from '../definition/definition.ts';
import { optionsInvalid } from '../errors/errors.ts';

/** The definitions that an engine knows by name: those it was given, and those it has seen called. */
export class Definitions {
  readonly #known = {
    flow: new Map<string, Definition>(),
    task: new Map<string, Definition>(),
  };
  readonly #given = new Set<Definition>();

  get(kind: 'flow' | 'task', name: string): Definition | undefined {
    return this.#known[kind].get(name);
  }

  /** The names of those of a kind. */
  names(kind: 'flow' | 'task'): readonly string[] {
    return [...this.#known[kind].keys()];
  }

  /** All of them: flows first, each kind by name. */
  all(): readonly Definition[] {
    return [this.#known.flow, this.#known.task].flatMap((known) =>
      [...known.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    );
  }

  /**
   * Notes a definition when it is called; `with()` and methods of other instances replace it. One that the engine
   * was given stays: a recovery finds under its name what the host has named.
   */
  note(definition: Definition): void {
    const known = this.#known[definition.kind];
    const before = known.get(definition.name);
    if (before === definition || (before !== undefined && this.#given.has(before))) return;
    known.set(definition.name, definition);
  }

  /**
   * Registers a definition of the engine's options.
   *
   * @throws `OPTIONS_INVALID` when two functions, or methods of two instances, share a name: a resume could not
   *   tell them apart
   */
  register(definition: Definition): void {
    const known = this.get(definition.kind, definition.name);
    const same = known?.fn === definition.fn && known.self === definition.self;
    if (known !== undefined && !same) {
      throw optionsInvalid(
        'The engine',
        `two ${definition.kind}s are named '${definition.name}'`,
        'Give one of them another name: runs are found again by it.',
      );
    }
    this.note(definition);
    this.#given.add(definition);
  }
}
