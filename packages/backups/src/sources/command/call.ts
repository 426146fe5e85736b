import { HoldfastError, isSecret, type Secret } from '@holdfast/core';
import type { ChildOptions } from '@holdfast/core/process';
import type { Workroom } from '../workroom.ts';

/** A program with its arguments and surroundings, as plain data. No shell takes part. */
export interface CommandCall {
  /** The program, by name or path, and its arguments. Every user of the machine can read them: never a secret. */
  readonly argv: readonly string[];
  /**
   * Variables for it, beside PATH, HOME, TMPDIR, TZ, LANG and LC_*: texts, or secrets that are read for each dump.
   * Default: none.
   */
  readonly env?: Readonly<Record<string, string | Secret>>;
  /** Its working directory. Default: that of this process. */
  readonly cwd?: string;
}

/** A call that is ready to be started. */
export interface PreparedCall {
  readonly program: string;
  readonly options: ChildOptions;
}

/**
 * Reads the secrets of a call.
 *
 * @throws `SECRET_IN_VALUE` an argument holds the value of one of them
 * @throws what reading a secret throws
 */
export async function prepareCall(call: CommandCall, room: Workroom): Promise<PreparedCall> {
  const env: Record<string, string> = {};
  const [program = '', ...args] = call.argv;
  for (const [name, value] of Object.entries(call.env ?? {})) {
    env[name] = isSecret(value) ? await room.secret(value) : value;
    if (!isSecret(value) || !call.argv.some((arg) => arg.includes(env[name] ?? ''))) continue;
    throw new HoldfastError(
      'SECRET_IN_VALUE',
      `An argument of ${program} holds the value of ${String(value)}.`,
      {
        hint: 'Every user of the machine can read arguments. Let the program take it from the variable.',
        retryable: false,
        context: { program, variable: name },
      },
    );
  }
  const cwd = call.cwd === undefined ? {} : { cwd: call.cwd };
  return { program, options: { args, env, signal: room.signal, ...cwd } };
}

/** What is wrong with a call, as the rest of a sentence; undefined when nothing is. */
export function faultOfCall(call: CommandCall): string | undefined {
  const { argv, env = {}, cwd } = call;
  const texts = Array.isArray(argv) && argv.every((arg) => typeof arg === 'string');
  if (!texts || (argv[0] ?? '') === '') return 'needs a program: argv is a list of texts';
  if (argv.some((arg) => arg.includes('\0'))) return 'has an argument with a null byte';
  const wrong = Object.entries(env).find(
    ([name, value]) =>
      !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || !(typeof value === 'string' || isSecret(value)),
  );
  if (wrong !== undefined) return `has no text and no Secret in its variable ${wrong[0]}`;
  return cwd === undefined || cwd.startsWith('/') ? undefined : 'needs an absolute cwd';
}
