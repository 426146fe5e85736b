import { HoldfastError } from '../errors/holdfast-error.ts';
import { markSecretParameter, type SecretParameterDecorator } from './secret-parameters.ts';

const BRAND = Symbol.for('@holdfast/secret');

/** What `util.inspect` looks for: named here, because loading `node:util` costs an import of this package some ms. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** A scheme as in RFC 3986, section 3.1, lower case; a colon; then whatever the scheme takes. */
const FORM = /^([a-z][a-z0-9+.-]*):(?!\/\/)(\S.*)$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Says where a secret is found, and never what it is: it can be stored, logged and compared like any
 * other value. Made by {@link secret}; read with {@link resolveSecret}, once for each attempt.
 */
export class Secret {
  /** `env:PGPASSWORD`, `file:/run/secrets/x`, `vault:name`. Public. */
  readonly reference: string;
  readonly [BRAND] = true;

  constructor(reference: string) {
    checkReference(reference);
    this.reference = reference;
    Object.freeze(this);
  }

  /** `Secret(env:PGPASSWORD)`. */
  toString(): string {
    return `Secret(${this.reference})`;
  }

  /** As `toString`. */
  toJSON(): string {
    return this.toString();
  }

  /** As `toString`, for `console.log` and `util.inspect`. */
  [INSPECT](): string {
    return this.toString();
  }
}

/** The two halves of a reference. */
export function splitReference(reference: string): {
  readonly scheme: string;
  readonly name: string;
} {
  const [, scheme = '', name = ''] = FORM.exec(reference) ?? [];
  return { scheme, name };
}

/** The text may be a password that was put here by mistake: no message shows it. */
function invalid(why: string): HoldfastError {
  return new HoldfastError('SECRET_REFERENCE_INVALID', `A secret reference ${why}`, {
    hint: 'Write env:NAME, file:/absolute/path, or the name of a resolver, a colon and a name. Never the secret itself.',
    retryable: false,
  });
}

function checkReference(reference: string): void {
  if (typeof reference !== 'string') throw invalid('is a string');
  const { scheme, name } = splitReference(reference);
  if (scheme === '') throw invalid('has the form scheme:name, and is not a URL');
  if (scheme === 'env' && !VARIABLE.test(name))
    throw invalid('with env: names an environment variable');
  if (scheme === 'file' && !/^(\/|[A-Za-z]:[\\/])/.test(name)) {
    throw invalid('with file: gives an absolute path');
  }
}

/**
 * Refers to a secret: `env:NAME`, `file:/absolute/path`, or `resolver:name` with a resolver that the
 * engine was given under that name.
 *
 * @throws HoldfastError SECRET_REFERENCE_INVALID: the text has no such form, or is a URL
 */
export function secret(reference: string): Secret;
/**
 * Without a reference, a decorator for a parameter of a decorated method (legacy decorators): `@secret() password: Secret`.
 * The parameter then takes Secrets only, as with the option `secretArgs`. Stands on a parameter of a method only:
 * `OPTIONS_INVALID` elsewhere.
 */
export function secret(): SecretParameterDecorator;
export function secret(...given: [reference?: string]): Secret | SecretParameterDecorator {
  return given.length === 0 ? markSecretParameter : new Secret(given[0] as string);
}

/** Whether a value is a {@link Secret}, also one of another copy of this package. */
export function isSecret(value: unknown): value is Secret {
  return typeof value === 'object' && value !== null && BRAND in value;
}
