import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { ChildOptions } from './child-options.ts';
import { childEnvironment } from './environment.ts';
import { argumentInvalid, notStarted } from './tool-errors.ts';

function check(command: string, args: readonly string[]): void {
  if (command === '' || command.includes('\0')) {
    throw argumentInvalid('a child process', 'the command', 'is empty or has a NUL byte');
  }
  for (const [index, arg] of args.entries()) {
    if (typeof arg !== 'string')
      throw argumentInvalid(command, `argument ${index + 1}`, 'is no string');
    if (arg.includes('\0'))
      throw argumentInvalid(command, `argument ${index + 1}`, 'has a NUL byte');
  }
}

function spawnGroup(command: string, options: ChildOptions): ChildProcess {
  const { args = [], cwd, user, stdin = 'ignore', stdout = 'pipe' } = options;
  check(command, args);
  const env = childEnvironment(command, options.env ?? {});
  try {
    return spawn(command, args, {
      // A session, and so a process group, of its own: setsid(2).
      detached: true,
      env,
      shell: false,
      stdio: [stdin, stdout, 'pipe'],
      windowsHide: true,
      ...(cwd === undefined ? {} : { cwd }),
      ...user,
    });
  } catch (error) {
    throw notStarted(command, cwd, error);
  }
}

/** A process that runs: its pid is known, nothing was read of it yet. */
export type SpawnedProcess = ChildProcess & { readonly pid: number };

/**
 * Starts a program in a process group of its own. When it succeeds it does so before it first waits: no
 * event of the process is missed.
 *
 * @throws HoldfastError TOOL_MISSING, TOOL_NOT_EXECUTABLE, TOOL_CWD_MISSING, TOOL_ARGUMENT_INVALID,
 *   TOOL_ARGUMENTS_TOO_LONG, TOOL_NOT_STARTED
 */
export function spawnTool(command: string, options: ChildOptions): SpawnedProcess | Promise<never> {
  const child = spawnGroup(command, options);
  if (child.pid !== undefined) return child as SpawnedProcess;
  return once(child, 'error').then(([error]) => {
    throw notStarted(command, options.cwd, error);
  });
}
