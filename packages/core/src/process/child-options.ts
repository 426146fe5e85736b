import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../clock/clock.ts';
import type { ProcessIdentity } from './identity.ts';

/** A child process, as the engine records it. */
export interface StartedChild extends ProcessIdentity {
  /** The program's name as it was given, without its arguments. */
  readonly command: string;
}

/** How a child is started. */
export interface ChildOptions {
  /** Arguments, one string each. No shell sees them. Never a secret: every user of the machine can read them. */
  readonly args?: readonly string[];
  /**
   * Variables on top of a minimal environment: PATH, HOME, TMPDIR, TZ, LANG and LC_* of this process, and
   * nothing else of it. The place for secrets.
   */
  readonly env?: Readonly<Record<string, string>>;
  /** Working directory. Default: that of this process. */
  readonly cwd?: string;
  /** Runs it as another user, without further groups. Only root can; for programs that refuse to run as root. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /**
   * Where it reads from. Default 'ignore' (/dev/null). 'pipe' gives {@link Child.stdin}. A number is a file
   * descriptor of this process; whoever opened it closes it.
   */
  readonly stdin?: 'ignore' | 'pipe' | number;
  /**
   * Where it writes to. Default 'pipe': {@link Child.stdout}. A number is a file descriptor, as above. A
   * stream is the `stdin` of a child that was started before: the two are joined by descriptor and no byte
   * passes through this process, which closes its own end. If the start fails the stream is left alone.
   */
  readonly stdout?: 'pipe' | 'ignore' | number | Writable;
  /** Ends the child, as {@link Child.kill} does, with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds between SIGTERM and SIGKILL, and for what the child leaves behind. Default 5,000. */
  readonly grace?: number;
  /** Exit codes that mean success. Default [0]. */
  readonly allowedExitCodes?: readonly number[];
  /** Takes secrets out of what the child printed to stderr. Default: none. */
  readonly scrub?: (text: string) => string;
  /** Measures `grace`. Default: the system's clock. */
  readonly clock?: Clock;
  /** Called once, before {@link startChild} resolves. If it throws, the child is ended and the start rejects with that. */
  readonly onStarted?: (child: StartedChild) => void;
  /** Called once, when nothing of the child runs any more. If it throws and all else went well, `done` rejects with that. */
  readonly onEnded?: (child: StartedChild) => void;
}

/** How a process ended: with a code, or by a signal. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child process and its group. */
export interface Child {
  readonly identity: StartedChild;
  /** Where to write what it reads; null unless `stdin` was 'pipe'. EPIPE after its death raises nothing by itself. */
  readonly stdin: Writable | null;
  /**
   * What it prints; null unless `stdout` was 'pipe'. Ends only after the child ended with an allowed exit
   * code; in every other case it is destroyed with the error of `done`: a cut output never looks whole.
   * Nothing is lost when reading begins late. Who does not read holds a talkative child up (backpressure);
   * who destroys the stream breaks the pipe under the child.
   */
  readonly stdout: Readable | null;
  /** The end of what it printed to stderr so far: at most 8 KiB, whole lines, scrubbed. stderr is always drained. */
  stderrTail(): string;
  /** How the process itself ended; others of its group may live on. Never rejects. */
  readonly exited: Promise<ChildExit>;
  /**
   * Resolves when nothing of the child is left and it went well: the process ended with an allowed exit code, its
   * streams ended, its group is empty. What the process leaves behind in its group is waited for while it
   * holds stdout, then for `grace`, then ended.
   *
   * @throws HoldfastError TOOL_FAILED: exit code or signal; the message ends with the last line of stderr
   * @throws HoldfastError TOOL_LEFT_PROCESSES: processes left behind had to be ended
   * @throws HoldfastError TOOL_OUTPUT_LOST: stdout could not be read
   * @throws HoldfastError TOOL_NOT_KILLABLE: something lives on, 30 s after SIGKILL
   * @throws what `kill` was given, or the signal's reason
   */
  readonly done: Promise<void>;
  /**
   * Sends SIGTERM to the group, after `grace` SIGKILL, and waits until `done` settles. The first reason counts;
   * default: a HoldfastError TOOL_KILLED. Does nothing once `done` has settled.
   *
   * @throws HoldfastError TOOL_NOT_KILLABLE: something lives on, 30 s after SIGKILL
   */
  kill(reason?: unknown): Promise<void>;
}
