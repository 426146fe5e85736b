import { accessSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { HoldfastError } from '../errors/holdfast-error.ts';
import type { ChildExit } from './child-options.ts';

/** Which Debian package brings a program. */
const PACKAGES: { readonly [command: string]: string } = {
  age: 'age',
  'age-keygen': 'age',
  mariadb: 'mariadb-client',
  'mariadb-dump': 'mariadb-client',
  mysql: 'mariadb-client',
  mysqldump: 'mariadb-client',
  pg_basebackup: 'postgresql-client',
  pg_dump: 'postgresql-client',
  pg_dumpall: 'postgresql-client',
  pg_restore: 'postgresql-client',
  psql: 'postgresql-client',
  'redis-cli': 'redis-tools',
  restic: 'restic',
  sqlite3: 'sqlite3',
  tar: 'tar',
  zstd: 'zstd',
};

function toolMissing(command: string): HoldfastError {
  const name = basename(command);
  const debian = PACKAGES[name];
  return new HoldfastError('TOOL_MISSING', `${command} was not found`, {
    hint:
      debian === undefined
        ? `Install ${name}, or give its path.`
        : `Install ${name} (on Debian: apt-get install ${debian}), or give its path.`,
    retryable: false,
    context: { command },
  });
}

function toolNotExecutable(command: string, why: string, errno: string): HoldfastError {
  return new HoldfastError('TOOL_NOT_EXECUTABLE', `${command} cannot be executed: ${why}`, {
    hint: 'Check the permissions of the file and of the directories above it, and its first line if it is a script.',
    retryable: false,
    context: { command, errno },
  });
}

function exists(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/**
 * Why a program did not start. Node's own error is no cause of ours: it lists the arguments.
 * ENOENT has three meanings in execve(2): no such program, no such working directory, no interpreter.
 */
export function notStarted(
  command: string,
  cwd: string | undefined,
  error: unknown,
): HoldfastError {
  const errno = (error as NodeJS.ErrnoException | undefined)?.code ?? 'UNKNOWN';
  if (cwd !== undefined && !isDirectory(cwd)) {
    return new HoldfastError(
      'TOOL_CWD_MISSING',
      `${command} cannot be started in ${cwd}: it is no directory`,
      {
        hint: 'Create the directory, or give another one as cwd.',
        retryable: false,
        context: { command, cwd },
      },
    );
  }
  if (errno === 'ENOENT' || errno === 'ENOTDIR') {
    return command.includes('/') && exists(command)
      ? toolNotExecutable(command, 'the interpreter that it names is missing', errno)
      : toolMissing(command);
  }
  if (errno === 'EACCES' || errno === 'EPERM') {
    return toolNotExecutable(command, 'permission denied', errno);
  }
  if (errno === 'E2BIG') {
    return new HoldfastError(
      'TOOL_ARGUMENTS_TOO_LONG',
      `${command} was given more arguments than the system takes`,
      {
        hint: 'Pass a long list through a file or stdin.',
        retryable: false,
        context: { command },
      },
    );
  }
  return new HoldfastError('TOOL_NOT_STARTED', `${command} could not be started (${errno})`, {
    hint: 'The system lacks processes, memory or file descriptors, most likely. Try again.',
    context: { command, errno },
  });
}

/** A command, argument or variable that cannot be handed to a program. Says which one, never what it holds. */
export function argumentInvalid(command: string, which: string, why: string): HoldfastError {
  return new HoldfastError('TOOL_ARGUMENT_INVALID', `${command}: ${which} ${why}`, {
    hint: 'Check where the value comes from.',
    retryable: false,
    context: { command, argument: which },
  });
}

/** The program ended in a way that was not allowed. */
export function toolFailed(command: string, exit: ChildExit, stderr: string): HoldfastError {
  const how =
    exit.signal === null ? `failed with exit code ${exit.code}` : `was ended by ${exit.signal}`;
  const lastLine = stderr.trimEnd().split('\n').at(-1) ?? '';
  return new HoldfastError('TOOL_FAILED', `${command} ${how}${lastLine && `:\n${lastLine}`}`, {
    hint: 'See what it printed: context.stderr has the end of it.',
    context: { command, exitCode: exit.code, signal: exit.signal, stderr },
  });
}

/** The default reason of a kill. */
export function toolKilled(command: string): HoldfastError {
  return new HoldfastError('TOOL_KILLED', `${command} was ended on request`, {
    retryable: false,
    context: { command },
  });
}

/** The program ended well but left others behind, which had to be ended. */
export function leftProcesses(command: string, grace: number): HoldfastError {
  return new HoldfastError(
    'TOOL_LEFT_PROCESSES',
    `${command} ended, but processes it had started went on for ${grace} ms and were then ended`,
    {
      hint: 'Let the command wait for what it starts. A service that shall stay belongs into a session of its own (setsid).',
      retryable: false,
      context: { command, grace },
    },
  );
}

/** Reading what the program printed failed. */
export function outputLost(command: string, cause: unknown): HoldfastError {
  return new HoldfastError('TOOL_OUTPUT_LOST', `the output of ${command} could not be read`, {
    cause,
    context: { command },
  });
}

/** More came than the caller wanted to hold in memory. */
export function outputTooLarge(command: string, maxOutput: number): HoldfastError {
  return new HoldfastError(
    'TOOL_OUTPUT_TOO_LARGE',
    `${command} printed more than ${maxOutput} bytes and was ended`,
    {
      hint: 'Raise maxOutput, or read the output as a stream with startChild.',
      retryable: false,
      context: { command, maxOutput },
    },
  );
}

/** The group lives on after SIGKILL. */
export function notKillable(command: string, pid: number, denied: boolean): HoldfastError {
  return new HoldfastError(
    'TOOL_NOT_KILLABLE',
    `${command} (process group ${pid}) still runs after SIGKILL${denied ? ': permission denied' : ''}`,
    {
      hint: denied
        ? 'It runs as another user (sudo?). End it as that user.'
        : 'It waits for a device or a network file system, most likely. It ends when that answers.',
      retryable: false,
      context: { command, pid },
    },
  );
}
