import { optionsInvalid } from '../errors/errors.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { isFutureList } from '../future/future-list.ts';
import { isQuoted } from '../future/quote.ts';
import { isFuture } from '../future/task-future.ts';
import { isSecret } from '../secret/secret.ts';
import { isPlain } from '../serial/is-plain.ts';

/** Which arguments take secrets and nothing else. */
export interface SecretArgs {
  readonly positions: ReadonlySet<number>;
  /** Of members of plain data, wherever in the arguments they stand. */
  readonly names: ReadonlySet<string>;
}

/**
 * Reads the option `secretArgs`.
 *
 * @throws `OPTIONS_INVALID`
 */
export function secretArgsOf(what: string, given: unknown): SecretArgs | undefined {
  if (given === undefined) return undefined;
  const isMark = (each: unknown): boolean =>
    typeof each === 'string' ? each !== '' : Number.isInteger(each) && (each as number) >= 0;
  if (!Array.isArray(given) || !given.every(isMark)) {
    throw optionsInvalid(
      what,
      'secretArgs must be a list of positions, from 0, and names of members',
      "Write secretArgs: [1], or secretArgs: ['password'].",
    );
  }
  if (given.length === 0) return undefined;
  const marks = given as readonly (string | number)[];
  return {
    positions: new Set(marks.filter((each) => typeof each === 'number')),
    names: new Set(marks.filter((each) => typeof each === 'string')),
  };
}

type Members = Iterable<readonly [name: unknown, value: unknown]>;

/** What a value holds; undefined for what is no container of data. */
function membersOf(value: unknown): Members | undefined {
  if (typeof value !== 'object' || value === null || isSecret(value)) return undefined;
  if (value instanceof Map) return value;
  if (value instanceof Set) return value.entries();
  return Array.isArray(value) || isPlain(value) ? Object.entries(value) : undefined;
}

/** Nothing, a secret, data made of secrets, or what will be looked at when it is there. */
function holdsSecretsOnly(value: unknown, seen = new Set<unknown>()): boolean {
  if (value === undefined || value === null || isSecret(value)) return true;
  if (isFuture(value) || isFutureList(value) || isQuoted(value) || seen.has(value)) return true;
  const members = membersOf(value);
  if (members === undefined) return false;
  seen.add(value);
  for (const [, each] of members) if (!holdsSecretsOnly(each, seen)) return false;
  return true;
}

/** The first member of a marked name that holds anything but secrets. */
function openMember(
  value: unknown,
  names: ReadonlySet<string>,
  seen: Set<unknown>,
): string | undefined {
  const members = membersOf(value);
  if (members === undefined || seen.has(value)) return undefined;
  seen.add(value);
  for (const [name, each] of members) {
    const marked = typeof name === 'string' && names.has(name);
    if (marked && !holdsSecretsOnly(each)) return name;
    const found = openMember(each, names, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

function secretExpected(name: string, at: number, member?: string): HoldfastError {
  const where = member === undefined ? 'Argument' : `'${member}' in argument`;
  return new HoldfastError(
    'SECRET_EXPECTED',
    `${where} ${at + 1} of '${name}' takes a Secret, and was given a value.`,
    {
      hint: "Pass a reference, secret('env:NAME'), and read it with runContext().secret() where it is used.",
      retryable: false,
      context: { name, argument: at + 1, ...(member === undefined ? {} : { member }) },
    },
  );
}

/** @throws `SECRET_EXPECTED` */
export function assertSecrets(
  definition: Parameters<typeof secretsInOpen>[0],
  args: readonly unknown[],
): void {
  const open = secretsInOpen(definition, args);
  if (open !== undefined) throw open;
}

/**
 * The error for arguments that hold a value where a secret's reference belongs; it does not show the value. Futures and
 * quotes pass: they are looked at again when what they stand for is there.
 */
export function secretsInOpen(
  { name, secretArgs }: { readonly name: string; readonly secretArgs: SecretArgs | undefined },
  args: readonly unknown[],
): HoldfastError | undefined {
  if (secretArgs === undefined) return undefined;
  const seen = new Set<unknown>();
  for (const [at, arg] of args.entries()) {
    if (secretArgs.positions.has(at) && !holdsSecretsOnly(arg)) return secretExpected(name, at);
    const member = openMember(arg, secretArgs.names, seen);
    if (member !== undefined) return secretExpected(name, at, member);
  }
  return undefined;
}
