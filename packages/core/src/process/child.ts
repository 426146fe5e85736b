import { Writable } from 'node:stream';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../clock/clock.ts';
import { systemClock } from '../clock/system-clock.ts';
import { ChildOutput } from './child-output.ts';
import type { Child, ChildExit, ChildOptions, StartedChild } from './child-options.ts';
import { identifySpawned } from './identity.ts';
import { ProcessGroup } from './process-group.ts';
import { spawnTool } from './spawn-tool.ts';
import type { SpawnedProcess } from './spawn-tool.ts';
import { StderrTail } from './stderr-tail.ts';
import { timeLimit } from './time-limit.ts';
import { leftProcesses, outputLost, toolFailed, toolKilled } from './tool-errors.ts';

/** Milliseconds between SIGTERM and SIGKILL. */
export const DEFAULT_GRACE = 5_000;

/** How long the end of stderr is waited for after a kill, in milliseconds of real time. */
const LAST_WORDS = 100;

const nothing = (): void => {};

interface Failure {
  readonly reason: unknown;
}

interface Kill {
  readonly reason: unknown;
  readonly finished: Promise<void>;
}

class RunningChild implements Child {
  readonly identity: StartedChild;
  readonly stdin: Writable | null;
  readonly exited: Promise<ChildExit>;
  readonly done: Promise<void>;
  readonly #process: SpawnedProcess;
  readonly #options: ChildOptions;
  readonly #clock: Clock;
  readonly #grace: number;
  readonly #group: ProcessGroup;
  readonly #output: ChildOutput | undefined;
  readonly #stderr: StderrTail;
  readonly #stderrEnded: Promise<void>;
  readonly #killAsked: Promise<void>;
  #startKill: () => void = nothing;
  #kill: Kill | undefined;
  #settled = false;

  constructor(command: string, spawned: SpawnedProcess, options: ChildOptions) {
    this.#process = spawned;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#grace = options.grace ?? DEFAULT_GRACE;
    this.identity = { ...identifySpawned(spawned.pid), command };
    this.#group = new ProcessGroup(this.identity);
    this.stdin = spawned.stdin;
    this.stdin?.on('error', nothing);
    this.#output = spawned.stdout === null ? undefined : new ChildOutput(spawned.stdout);
    const stderr = spawned.stderr as Readable;
    this.#stderr = new StderrTail(stderr, options.scrub ?? ((text) => text));
    this.#stderrEnded = new Promise((resolve) => {
      stderr.once('close', resolve);
    });
    this.#killAsked = new Promise((resolve) => {
      this.#startKill = resolve;
    });
    this.exited = new Promise((resolve) => {
      spawned.once('exit', (code, signal) => resolve({ code, signal }));
    });
    // A signal that could not be sent; whether the process ended is seen by other means.
    spawned.on('error', nothing);
    this.done = this.#run();
    this.done.catch(nothing);
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get stdout(): Readable | null {
    return this.#output ?? null;
  }

  stderrTail(): string {
    return this.#stderr.text();
  }

  async kill(reason: unknown = toolKilled(this.identity.command)): Promise<void> {
    if (this.#settled) return;
    if (this.#kill === undefined) {
      const finished = this.#group.end(this.#grace, this.#clock);
      finished.catch(nothing);
      this.#kill = { reason, finished };
      this.#output?.cut(reason);
      this.stdin?.destroy();
      this.#startKill();
    }
    await Promise.allSettled([this.done]);
    await this.#kill.finished;
  }

  readonly #onAbort = (): void => {
    this.kill(this.#options.signal?.reason).catch(nothing);
  };

  async #run(): Promise<void> {
    const orderly = this.#windDown().catch((error: unknown) => ({ reason: error }));
    await Promise.race([orderly, this.#killAsked]);
    const failure = this.#kill === undefined ? await orderly : await this.#killed(this.#kill);
    this.#close();
    this.#settled = true;
    const untold = this.#group.isAlive() ? undefined : this.#tellEnded();
    const verdict = failure ?? untold;
    this.#output?.finish(verdict);
    if (verdict !== undefined) throw verdict.reason;
  }

  /** Waits for the natural end: of the process, its stdout, its group, its stderr. Gives what went wrong. */
  async #windDown(): Promise<Failure | undefined> {
    const { command } = this.identity;
    const exit = await this.exited;
    const ended = this.#output?.ended;
    // What was left behind may go on printing for as long as it likes.
    if (ended !== undefined) await Promise.race([ended, this.#group.untilGone()]);
    const alone = await this.#group.isGoneWithin(this.#grace, this.#clock);
    if (!alone) await this.#group.end(this.#grace, this.#clock);
    this.#output?.takeRest();
    await ended;
    await this.#awaitStderr();
    const allowed = this.#options.allowedExitCodes ?? [0];
    if (exit.code === null || !allowed.includes(exit.code)) {
      return { reason: toolFailed(command, exit, this.stderrTail()) };
    }
    if (!alone) return { reason: leftProcesses(command, this.#grace) };
    const lost = this.#output?.readError;
    return lost === undefined ? undefined : { reason: outputLost(command, lost) };
  }

  /** A daemon that left the group may hold stderr open for ever (ssh's ControlPersist does). */
  async #awaitStderr(): Promise<void> {
    const limit = timeLimit(this.#grace, this.#clock);
    await Promise.race([this.#stderrEnded, limit.reached]);
    limit.clear();
  }

  async #killed({ reason, finished }: Kill): Promise<Failure> {
    try {
      await finished;
      await this.exited;
      await Promise.race([this.#stderrEnded, delay(LAST_WORDS)]);
      return { reason };
    } catch (error) {
      return { reason: error };
    }
  }

  #close(): void {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#process.stdin?.destroy();
    this.#process.stderr?.destroy();
    if (this.#kill !== undefined) this.#process.stdout?.destroy();
  }

  #tellEnded(): Failure | undefined {
    try {
      this.#options.onEnded?.(this.identity);
      return undefined;
    } catch (error) {
      return { reason: error };
    }
  }
}

/**
 * Starts a program in a process group of its own. No shell is involved.
 *
 * @param command a program's name, looked up in PATH, or its path
 * @throws the signal's reason, when it was aborted before
 * @throws HoldfastError TOOL_MISSING: no such program; the hint names the Debian package, where it is known
 * @throws HoldfastError TOOL_NOT_EXECUTABLE: not permitted, or a script without its interpreter
 * @throws HoldfastError TOOL_CWD_MISSING: `cwd` is no directory
 * @throws HoldfastError TOOL_ARGUMENT_INVALID: a NUL byte, or no string
 * @throws HoldfastError TOOL_ARGUMENTS_TOO_LONG: more than the system takes
 * @throws HoldfastError TOOL_NOT_STARTED: the system had no process, memory or descriptor left
 */
export async function startChild(command: string, options: ChildOptions = {}): Promise<Child> {
  options.signal?.throwIfAborted();
  const spawned = spawnTool(command, options);
  if (spawned instanceof Promise) return spawned;
  const child = new RunningChild(command, spawned, options);
  if (options.stdout instanceof Writable) options.stdout.destroy();
  try {
    options.onStarted?.(child.identity);
  } catch (error) {
    await child.kill(error);
    throw error;
  }
  return child;
}
