import type { ChildExit, ChildOptions } from '@holdfast/core/process';

/**
 * A program whose stdout is a stream of a dump. It is started when the stream's turn comes, in a process group
 * of its own that the workroom's signal ends, and it must end with an allowed exit code: a dump whose program
 * failed is never published, however whole its bytes look.
 */
export interface DumpCommand extends Pick<
  ChildOptions,
  'args' | 'env' | 'cwd' | 'allowedExitCodes' | 'scrub'
> {
  /** The program's name, looked up in PATH, or its path. */
  readonly program: string;
  /** A file descriptor of this process to read from; whoever opened it closes it. Default: /dev/null. */
  readonly stdin?: number;
  /**
   * Called once, when the program has ended with an allowed exit code and all its bytes were taken; before
   * anything is published. For what it warned of. What it throws fails the dump.
   */
  readonly onEnd?: (end: CommandEnd) => void | Promise<void>;
}

/** How a program ended that went well. */
export interface CommandEnd {
  readonly exit: ChildExit;
  /** The end of what it printed to stderr: at most 8 KiB, whole lines, scrubbed. */
  readonly stderr: string;
}
