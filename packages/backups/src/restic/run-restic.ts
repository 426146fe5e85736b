import { StringDecoder } from 'node:string_decoder';
import { HoldfastError, isHoldfastError, isSecret } from '@holdfast/core';
import { settle, type WorkOptions } from '../publish/create-backup.ts';
import type { ResticRepository } from './repository.ts';

/** What every call of restic takes. */
export interface ResticWork extends Pick<WorkOptions, 'signal' | 'startChild' | 'secret'> {
  readonly repository: ResticRepository;
}

/** How a call ended. */
export interface ResticEnd {
  readonly code: number;
  /** The end of what it printed to stderr. */
  readonly stderr: string;
}

const MEANINGS: readonly (readonly [RegExp, string, string, boolean])[] = [
  [
    /wrong password or no key found/,
    'RESTIC_PASSWORD_WRONG',
    'Check where the password of the repository is found.',
    false,
  ],
  [
    /Is there a repository at the following location|unable to open config file/,
    'RESTIC_REPOSITORY_MISSING',
    'Check the place, or pass init: true to make a repository there.',
    false,
  ],
  [
    /already locked/,
    'RESTIC_LOCKED',
    'Another restic works on it. Locks of dead processes are removed before each call.',
    true,
  ],
  [
    /repository contains errors|does not match|invalid data returned|ciphertext verification failed/,
    'RESTIC_DAMAGED',
    "Look into restic's manual, Troubleshooting. Keep what is left, and make a fresh backup elsewhere.",
    false,
  ],
];

function explain(error: unknown, repository: string, stderr: string): unknown {
  if (!isHoldfastError(error) || error.code !== 'TOOL_FAILED') return error;
  const [, code, hint, retryable] = MEANINGS.find(([pattern]) => pattern.test(stderr)) ?? [
    undefined,
    'RESTIC_FAILED',
    'See what restic said.',
    true,
  ];
  const lines = stderr.trim().split('\n');
  const line = lines.find((one) => /^(?:Fatal|error)/i.test(one)) ?? lines.at(-1) ?? '';
  return new HoldfastError(code, `The repository ${repository}: ${line || 'restic failed'}`, {
    hint,
    retryable,
    cause: error,
    context: { repository, stderr },
  });
}

async function environment(work: ResticWork): Promise<Record<string, string>> {
  const { secret } = settle(work);
  const { password, env } = work.repository;
  const variables: Record<string, string> = { RESTIC_PASSWORD: await secret(password) };
  for (const [name, value] of Object.entries(env)) {
    variables[name] = isSecret(value) ? await secret(value) : value;
  }
  return variables;
}

/**
 * Runs restic to its end. Its password and credentials stand in its environment alone.
 *
 * @param line takes each line of stdout
 * @param allowed exit codes that are no failure; default [0]
 * @throws `RESTIC_PASSWORD_WRONG`, `RESTIC_REPOSITORY_MISSING`, `RESTIC_LOCKED`, `RESTIC_DAMAGED`, `RESTIC_FAILED`,
 *   `TOOL_MISSING`, the signal's reason
 */
export async function runRestic(
  work: ResticWork,
  args: readonly string[],
  line: (text: string) => void = () => undefined,
  allowed: readonly number[] = [0],
): Promise<ResticEnd> {
  const { signal, startChild } = settle(work);
  const { repository } = work.repository;
  const child = await startChild('restic', {
    args: [`--repo=${repository}`, ...args],
    // A line of progress a second, also where no terminal is.
    env: { ...(await environment(work)), RESTIC_PROGRESS_FPS: '1' },
    signal,
    allowedExitCodes: allowed,
  });
  try {
    const decoder = new StringDecoder('utf8');
    let rest = '';
    for await (const chunk of child.stdout ?? []) {
      const lines = (rest + decoder.write(chunk as Buffer)).split('\n');
      rest = lines.pop() ?? '';
      for (const text of lines) line(text);
    }
    if (rest !== '') line(rest);
    await child.done;
    const { code } = await child.exited;
    return { code: code ?? 0, stderr: child.stderrTail() };
  } catch (error) {
    throw explain(error, repository, child.stderrTail());
  } finally {
    await child.kill();
  }
}
