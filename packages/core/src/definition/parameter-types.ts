import type { InputCheck } from './definition.ts';
import { inputInvalid } from './schema-check.ts';

type Coercion = (value: unknown) => { readonly value: unknown } | string;

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const ISO_DATE = /^(?<day>\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

function isValid(date: Date): boolean {
  return !Number.isNaN(date.getTime());
}

/** A date of a text in ISO 8601. `new Date()` alone reads 'room 12' as a date, and the 31st of February. */
function isoDate(text: string): Date | undefined {
  const day = ISO_DATE.exec(text)?.groups?.['day'];
  if (day === undefined) return undefined;
  const midnight = new Date(day);
  const date = new Date(text);
  const exists = isValid(midnight) && midnight.toISOString().startsWith(day);
  return exists && isValid(date) ? date : undefined;
}

/** What a parameter of each type takes, and into what it turns it. Other types take everything. */
const COERCIONS: ReadonlyMap<unknown, Coercion> = new Map<unknown, Coercion>([
  [String, (value) => (typeof value === 'string' ? { value } : 'a string is wanted')],
  [Boolean, (value) => (typeof value === 'boolean' ? { value } : 'a boolean is wanted')],
  [Array, (value) => (Array.isArray(value) ? { value } : 'an array is wanted')],
  [
    Number,
    (value) => {
      if (typeof value === 'number') return { value };
      const number = typeof value === 'string' && NUMBER.test(value) ? Number(value) : Number.NaN;
      return Number.isFinite(number) ? { value: number } : 'a number is wanted';
    },
  ],
  [
    Date,
    (value) => {
      const date =
        value instanceof Date && isValid(value)
          ? value
          : typeof value === 'string'
            ? isoDate(value)
            : undefined;
      return date === undefined ? 'a date, or a date in ISO 8601, is wanted' : { value: date };
    },
  ],
]);

/**
 * Checks arguments by the types that TypeScript emitted for a decorated method (`design:paramtypes`), which
 * reflect-metadata keeps. An argument left out, undefined or null is passed as it is.
 *
 * @returns undefined when there is nothing to check
 */
export function parameterTypeCheck(
  target: object,
  key: string | symbol,
  name: string,
): InputCheck | undefined {
  const types: unknown = Reflect.getMetadata('design:paramtypes', target, key);
  if (!Array.isArray(types) || !types.some((type) => COERCIONS.has(type))) return undefined;
  return (args) =>
    args.map((arg, at) => {
      const coerce = COERCIONS.get(types[at]);
      if (coerce === undefined || arg === undefined || arg === null) return arg;
      const result = coerce(arg);
      if (typeof result === 'string') throw inputInvalid(name, at, [result]);
      return result.value;
    });
}
