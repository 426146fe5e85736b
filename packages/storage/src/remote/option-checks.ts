import { HoldfastError } from '@holdfast/core';

/** Checks the options of an adapter, and says by its name what is wrong with them. */
export class OptionChecks {
  readonly #adapter: string;

  /** @param adapter the function that takes them: 's3ObjectStore' */
  constructor(adapter: string) {
    this.#adapter = adapter;
  }

  /** The error for a problem: `OPTIONS_INVALID`. */
  invalid(problem: string, hint: string): HoldfastError {
    return new HoldfastError('OPTIONS_INVALID', `${this.#adapter}: ${problem}.`, {
      hint,
      retryable: false,
    });
  }

  wholeBetween(name: string, value: number, least: number, most: number): number {
    if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
    throw this.invalid(`${name} is ${value}`, `Give a whole number from ${least} to ${most}.`);
  }

  oneOf<T extends string>(name: string, value: T, known: readonly T[]): T {
    if (known.includes(value)) return value;
    throw this.invalid(`${name} is '${value}'`, `Give one of ${known.join(', ')}.`);
  }

  /** @param known all that there are; the compiler sees that none is forgotten */
  refuseUnknown<T extends object>(
    options: T,
    known: { readonly [option in keyof T]-?: true },
  ): void {
    const unknown = Object.keys(options).find((option) => !Object.hasOwn(known, option));
    if (unknown === undefined) return;
    const names = Object.keys(known).join(', ');
    throw this.invalid(`there is no option '${unknown}'`, `Known are ${names}.`);
  }

  /** Credentials in a URL, or a signature in its query, would be told by every message. */
  endpoint(endpoint: string): string {
    const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
    const isHttp = url?.protocol === 'https:' || url?.protocol === 'http:';
    if (url !== undefined && isHttp && url.username + url.password + url.search === '') {
      return endpoint.replace(/\/$/, '');
    }
    throw this.invalid(
      'its endpoint is no http URL without credentials and query',
      'Give https://host.example; what allows requests goes into the credentials.',
    );
  }
}
