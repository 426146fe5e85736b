import { HoldfastError, isSecret } from '@holdfast/core';
import type { Secret } from '@holdfast/core';

/** How a text of a URL becomes the value of an option; undefined when it does not. */
type Reader<T> = (text: string) => T | undefined;

/** What an adapter reads from the query of a URL. */
export type Readers = { readonly [name: string]: Reader<unknown> };

/** What may be a secret that was put into a URL. */
const SECRETIVE = /key|secret|token|password|passphrase|sig|sas|credential|account_?key/i;

const ELSEWHERE =
  'Secrets go into the option credentials, as references: { secretAccessKey: secret("env:…") }.';

/** Texts as they are. */
export const text: Reader<string> = (value) => (value === '' ? undefined : value);

export const flag: Reader<boolean> = (value) =>
  ({ true: true, false: false })[value as 'true' | 'false'];

export const count: Reader<number> = (value) => (/^\d+$/.test(value) ? Number(value) : undefined);

export function oneOf<T extends string>(...known: readonly T[]): Reader<T> {
  return (value) => known.find((each) => each === value);
}

/** No message shows a value: it may be a secret. */
export function urlInvalid(problem: string, hint: string): HoldfastError {
  return new HoldfastError('OBJECT_STORE_URL_INVALID', `The URL of the object store ${problem}.`, {
    hint,
    retryable: false,
  });
}

/** The URL of a place where objects are kept. */
export class PlaceUrl {
  readonly url: URL;

  /** @throws `OBJECT_STORE_URL_INVALID` */
  constructor(given: string | URL) {
    const url = URL.canParse(String(given)) ? new URL(String(given)) : undefined;
    if (url === undefined) {
      throw urlInvalid('is no URL', "Write 's3://bucket/prefix', 'file:///var/backups', …");
    }
    this.url = url;
  }

  get scheme(): string {
    return this.url.protocol.slice(0, -1);
  }

  /** Refuses a password and a fragment: the URL is logged, and written into manifests. */
  refuseSecrets(): void {
    if (this.url.password !== '') throw urlInvalid('has a password', ELSEWHERE);
    if (this.url.hash !== '') throw urlInvalid('has a fragment', "Write '#' in a prefix as %23.");
  }

  /** Refuses a user, a password, a port and a fragment, where a place is named by none of them. */
  refuseExtras(): void {
    this.refuseSecrets();
    if (this.url.username !== '') throw urlInvalid('has a user', ELSEWHERE);
    const hint = 'Give the service by ?endpoint=https://host:port.';
    if (this.url.port !== '') throw urlInvalid('has a port', hint);
  }

  /** The parts of its path, decoded. */
  path(): string[] {
    try {
      return this.url.pathname.split('/').filter(Boolean).map(decodeURIComponent);
    } catch {
      throw urlInvalid('has a broken path', "Write '%' in a path as %25.");
    }
  }

  /**
   * The options that its query sets.
   *
   * @throws `OBJECT_STORE_URL_INVALID` for one that is unknown, has no such value, or is given twice
   */
  options(readers: Readers): { readonly [name: string]: unknown } {
    const options: { [name: string]: unknown } = {};
    for (const [name, value] of this.url.searchParams) {
      const read = Object.hasOwn(readers, name) ? readers[name] : undefined;
      if (read === undefined) throw unknown(name, Object.keys(readers));
      if (name in options) throw urlInvalid(`sets '${name}' twice`, 'Set it once.');
      options[name] = read(value);
      if (options[name] === undefined) {
        throw urlInvalid(`sets '${name}' to what it cannot be`, 'See docs/guide/object-stores.md.');
      }
    }
    return options;
  }
}

function unknown(name: string, known: readonly string[]): HoldfastError {
  if (SECRETIVE.test(name)) {
    return urlInvalid(`seems to hold a secret in its query, '${name}'`, ELSEWHERE);
  }
  return urlInvalid(`sets '${name}', which is unknown`, `Known are ${known.join(', ')}.`);
}

/** Secrets by the names that an adapter has for them. */
export type Credentials = { readonly [name: string]: Secret };

/**
 * Checks that credentials are secrets, and those that an adapter takes.
 *
 * @throws `OPTIONS_INVALID`
 */
export function checkCredentials(
  credentials: Credentials,
  scheme: string,
  known: readonly string[],
): void {
  for (const [name, value] of Object.entries(credentials)) {
    const problem = known.includes(name)
      ? `'${name}' is no secret`
      : `${scheme} takes no '${name}'`;
    if (known.includes(name) && isSecret(value)) continue;
    throw new HoldfastError('OPTIONS_INVALID', `openObjectStore: of its credentials, ${problem}.`, {
      hint:
        known.length === 0
          ? 'Leave them out.'
          : `Give references, such as secret('env:NAME'), for ${known.join(', ')}.`,
      retryable: false,
    });
  }
}
