import { HoldfastError } from '../errors/holdfast-error.ts';
import type { ResourceNames } from '../serial/value-codec.ts';

/** Objects that runs use but that cannot be stored: stores, pools, clients. They travel by name. */
export class Resources implements ResourceNames {
  readonly #byName: ReadonlyMap<string, unknown>;
  readonly #names = new Map<unknown, string>();

  constructor(resources: { readonly [name: string]: unknown }) {
    this.#byName = new Map(Object.entries(resources));
    for (const [name, value] of this.#byName) this.#names.set(value, name);
  }

  nameOf(value: object): string | undefined {
    return this.#names.size === 0 ? undefined : this.#names.get(value);
  }

  resource(name: string): unknown {
    if (this.#byName.has(name)) return this.#byName.get(name);
    const known = [...this.#byName.keys()].join(', ');
    throw new HoldfastError('RESOURCE_UNKNOWN', `The engine has no resource '${name}'.`, {
      hint: `Give it to createEngine({ resources: { ${name}: … } }). Known: ${known === '' ? 'none' : known}.`,
      retryable: false,
      context: { name },
    });
  }
}
