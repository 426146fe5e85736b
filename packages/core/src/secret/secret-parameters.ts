import { HoldfastError } from '../errors/holdfast-error.ts';

/** Marks a parameter of a method as one that takes secrets. */
export type SecretParameterDecorator = (
  target: object,
  key: string | symbol | undefined,
  index: number,
) => void;

/** The marked parameters of methods, by what holds the method: a prototype, or a class for its static ones. */
const MARKED = new WeakMap<object, Map<string | symbol, number[]>>();

/** @throws `OPTIONS_INVALID` where it stands on anything but a parameter of a method */
export function markSecretParameter(target: unknown, key: unknown, index: unknown): void {
  const method = typeof key === 'string' || typeof key === 'symbol';
  if (typeof target !== 'object' && typeof target !== 'function') throw misplaced();
  if (target === null || !method || typeof index !== 'number') throw misplaced();
  const marks = MARKED.get(target) ?? new Map<string | symbol, number[]>();
  MARKED.set(target, marks);
  marks.set(key, [...(marks.get(key) ?? []), index]);
}

function misplaced(): HoldfastError {
  return new HoldfastError(
    'OPTIONS_INVALID',
    '@secret(): it can stand on a parameter of a method only.',
    {
      hint: 'Elsewhere, and in standard decorators, say secretArgs: [0] in the options.',
      retryable: false,
    },
  );
}

/** The positions of the parameters that were marked on one method, in no order. */
export function secretParameters(target: object, key: string | symbol): readonly number[] {
  return MARKED.get(target)?.get(key) ?? [];
}
