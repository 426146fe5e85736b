import { HoldfastError } from '../errors/holdfast-error.ts';

function nameOf(value: unknown): string {
  if (typeof value === 'function')
    return `a function${value.name === '' ? '' : ` (${value.name})`}`;
  if (typeof value === 'symbol') return 'a symbol';
  const maker = (value as { constructor?: { name?: string } }).constructor?.name;
  return `an instance of ${maker === undefined || maker === '' ? 'a class' : maker}`;
}

/** The error for a value that cannot be kept: says where in the value it stands. */
export function notSerialisable(value: unknown, path: readonly (string | number)[]): HoldfastError {
  const where = path.length === 0 ? 'The value itself' : `The value at ${path.join('.')}`;
  return new HoldfastError(
    'NOT_SERIALISABLE',
    `${where} is ${nameOf(value)}, which cannot be kept.`,
    {
      hint: 'Use plain data, Date, Map, Set, BigInt, typed arrays or errors; register services as named resources of the engine.',
      retryable: false,
      context: { path: path.join('.') },
    },
  );
}

/** The error for a value that contains itself. */
export function cyclic(path: readonly (string | number)[]): HoldfastError {
  return new HoldfastError('NOT_SERIALISABLE', `The value at ${path.join('.')} contains itself.`, {
    hint: 'Return data without cycles.',
    retryable: false,
    context: { path: path.join('.') },
  });
}
