import { HoldfastError } from '../errors/holdfast-error.ts';
import { splitReference } from './secret.ts';
import type { Secret } from './secret.ts';

/**
 * Gives the value behind a name, from a vault perhaps. Undefined when there is none. What it throws is
 * kept as the cause of SECRET_RESOLVER_FAILED: it must not hold the value.
 */
export type SecretResolver = (name: string) => Promise<string | undefined> | string | undefined;

/** Resolvers by their scheme. `env` and `file` are built in and cannot be replaced. */
export type SecretResolvers = Readonly<Record<string, SecretResolver>>;

function missing(secret: Secret, why: string, hint: string): HoldfastError {
  return new HoldfastError('SECRET_MISSING', `${String(secret)} ${why}`, {
    hint,
    retryable: false,
    context: { reference: secret.reference },
  });
}

function fromEnvironment(
  secret: Secret,
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const value = env[name];
  if (value !== undefined && value !== '') return value;
  const why = value === undefined ? 'is not set' : 'is empty';
  throw missing(secret, why, `Set ${name} in the environment of this process.`);
}

async function fromFile(secret: Secret, path: string): Promise<string> {
  let text: string;
  try {
    const { readFile } = await import('node:fs/promises');
    text = await readFile(path, 'utf8');
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw missing(
      secret,
      `cannot be read (${errno})`,
      `Check that ${path} exists and that this process may read it.`,
    );
  }
  const value = text.replace(/\r?\n$/, '');
  if (value === '') throw missing(secret, 'is empty', `Write the secret to ${path}.`);
  return value;
}

async function fromResolver(
  secret: Secret,
  scheme: string,
  name: string,
  resolvers: SecretResolvers,
): Promise<string> {
  const resolver = Object.hasOwn(resolvers, scheme) ? resolvers[scheme] : undefined;
  if (resolver === undefined) {
    throw new HoldfastError(
      'SECRET_UNKNOWN_SCHEME',
      `${String(secret)} has a scheme that nobody resolves`,
      {
        hint: `Known are ${['env', 'file', ...Object.keys(resolvers)].join(', ')}. Give the engine a resolver of that name.`,
        retryable: false,
        context: { reference: secret.reference },
      },
    );
  }
  let value: string | undefined;
  try {
    value = await resolver(name);
  } catch (cause) {
    throw new HoldfastError('SECRET_RESOLVER_FAILED', `${String(secret)} could not be resolved`, {
      cause,
      hint: `See the cause: the resolver ${scheme} threw it.`,
      context: { reference: secret.reference },
    });
  }
  if (typeof value === 'string' && value !== '') return value;
  throw missing(secret, 'has no value', `Check the name, and what the resolver ${scheme} knows.`);
}

/**
 * Reads the value of a secret, anew with each call: it may have been rotated. An empty value counts as
 * missing. From a file, read as UTF-8, one newline at the end is taken off.
 *
 * Whoever calls this registers the value with a scrubber before doing anything else with it.
 *
 * @param resolvers those for schemes other than env and file
 * @param env where `env:` looks; usually process.env
 * @throws HoldfastError SECRET_MISSING: variable unset, file unreadable, nothing under that name, or empty
 * @throws HoldfastError SECRET_UNKNOWN_SCHEME: no resolver of that name
 * @throws HoldfastError SECRET_RESOLVER_FAILED: the resolver threw; worth another try
 */
export async function resolveSecret(
  secret: Secret,
  resolvers: SecretResolvers,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const { scheme, name } = splitReference(secret.reference);
  if (scheme === 'env') return fromEnvironment(secret, name, env);
  if (scheme === 'file') return fromFile(secret, name);
  return fromResolver(secret, scheme, name, resolvers);
}
