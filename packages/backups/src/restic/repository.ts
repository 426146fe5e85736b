import { isAbsolute } from 'node:path';
import { HoldfastError, isSecret, type Secret } from '@holdfast/core';

/** A repository of restic, as plain data that can be stored with a run. */
export interface ResticRepository {
  /** As restic's `--repo` takes it: an absolute path, `sftp:user@host:/path`, `s3:https://…`, `rest:https://…`. */
  readonly repository: string;
  /** Where its password is found. */
  readonly password: Secret;
  /** Variables that the store behind it needs: texts, or secrets that are read for each call. */
  readonly env: Readonly<Record<string, string | Secret>>;
}

function faultOf({ repository, password, env }: ResticRepository): string | undefined {
  const isPath = !/^[a-z0-9]+:/.test(repository);
  if (repository === '' || repository.includes('\0')) return 'repository is a path or a place';
  if (isPath && !isAbsolute(repository)) return 'the path of a repository is absolute';
  if (/\/\/[^/@]*:[^/@]*@/.test(repository))
    return 'repository holds no password; give it as a variable';
  if (!isSecret(password)) return 'password is a Secret, never the password itself';
  const wrong = Object.entries(env).find(
    ([name, value]) =>
      !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || !(typeof value === 'string' || isSecret(value)),
  );
  return wrong === undefined ? undefined : `env.${wrong[0]} is a text or a Secret`;
}

/**
 * Describes a repository.
 *
 * @param options.env default: none. Credentials of its store as Secrets: `{ AWS_SECRET_ACCESS_KEY: secret('env:…') }`
 * @throws `OPTIONS_INVALID`
 */
export function resticRepository(options: {
  readonly repository: string;
  readonly password: Secret;
  readonly env?: Readonly<Record<string, string | Secret>>;
}): ResticRepository {
  const { repository, password, env = {} } = options;
  const described = { repository, password, env };
  const fault = faultOf(described);
  if (fault === undefined) return described;
  throw new HoldfastError('OPTIONS_INVALID', `resticRepository: ${fault}.`, {
    hint: 'Correct the options.',
    retryable: false,
    context: {},
  });
}
