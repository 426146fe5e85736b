/** Raised while a record is read; the caller turns it into a coded error. */
export class ShapeError extends Error {}

/** Whether a value is an object with fields: no array, not null. */
export function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads one value of a record, or throws a {@link ShapeError} that names the place. */
export type Read<T> = (value: unknown, at: string) => T;

function expected(what: string, at: string): never {
  throw new ShapeError(`${at} must be ${what}`);
}

export const text: Read<string> = (value, at) =>
  typeof value === 'string' ? value : expected('a text', at);

export const count: Read<number> = (value, at) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? value
    : expected('a whole number, 0 or more', at);

/** A part of something, above 0 and below 1. */
export const share: Read<number> = (value, at) =>
  typeof value === 'number' && value > 0 && value < 1
    ? value
    : expected('a number above 0 and below 1', at);

const SHA256 = /^[0-9a-f]{64}$/;
export const sha256: Read<string> = (value, at) =>
  typeof value === 'string' && SHA256.test(value) ? value : expected('a SHA-256 in hex', at);

/** A time as `Date.toISOString` writes it. */
export const time: Read<string> = (value, at) =>
  typeof value === 'string' &&
  !Number.isNaN(Date.parse(value)) &&
  new Date(value).toISOString() === value
    ? value
    : expected('a time in ISO 8601, UTC', at);

export function literal<const T extends string | number>(...choices: readonly T[]): Read<T> {
  return (value, at) =>
    choices.find((choice) => choice === value) ?? expected(choices.join(' or '), at);
}

export function orNull<T>(read: Read<T>): Read<T | null> {
  return (value, at) => (value === null ? null : read(value, at));
}

export function list<T>(read: Read<T>): Read<readonly T[]> {
  return (value, at) =>
    Array.isArray(value)
      ? value.map((item, index) => read(item, `${at}[${index}]`))
      : expected('a list', at);
}

/** Marks a field that may be absent. */
export interface Optional<T> {
  readonly optional: Read<T>;
}

export function optional<T>(read: Read<T>): Optional<T> {
  return { optional: read };
}

type Fields<T> = {
  readonly [K in keyof T]-?: undefined extends T[K]
    ? Optional<Exclude<T[K], undefined>>
    : Read<T[K]>;
};

/** Reads an object with exactly these fields. A field that is not known is refused. */
export function record<T extends object>(fields: Fields<T>): Read<T> {
  const known = Object.entries<Read<unknown> | Optional<unknown>>(fields);
  return (value, at) => {
    if (!isRecord(value)) expected('an object', at);
    for (const name of Object.keys(value)) {
      if (!Object.hasOwn(fields, name)) throw new ShapeError(`${at}.${name} is not known`);
    }
    for (const [name, reader] of known) {
      const field = value[name];
      if (typeof reader === 'function') reader(field, `${at}.${name}`);
      else if (field !== undefined) reader.optional(field, `${at}.${name}`);
    }
    return value as T;
  };
}
