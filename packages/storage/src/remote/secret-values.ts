import { createScrubber, isSecret, resolveSecret } from '@holdfast/core';
import type { Scrubber, Secret, SecretResolvers } from '@holdfast/core';

/** Reads the secrets of an adapter, and keeps them out of what it says. */
export class SecretValues {
  readonly #resolvers: SecretResolvers;
  readonly #scrubber: Scrubber = createScrubber();

  constructor(resolvers: SecretResolvers | undefined) {
    this.#resolvers = resolvers ?? {};
  }

  /** The value of a secret as it is now; a text is its own value. */
  async read(value: string | Secret): Promise<string> {
    if (!isSecret(value)) return value;
    const text = await resolveSecret(value, this.#resolvers, process.env);
    this.#scrubber.add(text);
    return text;
  }

  /** Keeps a part of a secret out of what is said, too. */
  hide(part: string): void {
    this.#scrubber.add(part);
  }

  /** A text without the values that were read. */
  scrub(text: string): string {
    return this.#scrubber.scrub(text);
  }
}
