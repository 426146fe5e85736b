import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../clock/clock.ts';
import type { StartedChild } from './child-options.ts';
import { livingMembers, lookUpProcess } from './process-table.ts';
import { timeLimit } from './time-limit.ts';
import { notKillable } from './tool-errors.ts';

/** How long a group may take to vanish after SIGKILL, in milliseconds of real time. */
const PATIENCE = 30_000;
/** The system tells nobody when a process ends that is not their child: it is asked, ever more seldom. */
const FIRST_POLL = 2;
const LONGEST_POLL = 50;

/**
 * The process group that a child leads. Its number stays taken while a member is left, so it can be
 * signalled after the leader's end; once it was seen empty it is never signalled again, since the number
 * may then be given to others.
 */
export class ProcessGroup {
  readonly #leader: StartedChild;
  #gone = false;
  #denied = false;
  /** A member seen alive: asked first, to spare the reading of the whole process table. */
  #known: number;

  constructor(leader: StartedChild) {
    this.#leader = leader;
    this.#known = leader.pid;
  }

  /** Whether a member still runs code. Zombies do not: in a container nobody may ever wait for them. */
  isAlive(): boolean {
    if (!this.#gone) this.#gone = !this.#hasMembers();
    return !this.#gone;
  }

  /** Waits until no member runs any more. */
  async untilGone(): Promise<void> {
    for (let pause = FIRST_POLL; this.isAlive(); pause = Math.min(pause * 2, LONGEST_POLL)) {
      // Real time, whatever clock the caller has: the processes live in it.
      await delay(pause);
    }
  }

  /** Waits until no member runs any more, for some milliseconds at most; tells whether that is so. */
  async isGoneWithin(ms: number, clock: Clock): Promise<boolean> {
    if (!this.isAlive()) return true;
    const limit = timeLimit(ms, clock);
    for (let pause = FIRST_POLL; this.isAlive(); pause = Math.min(pause * 2, LONGEST_POLL)) {
      if (limit.isOver()) return false;
      await Promise.race([delay(pause), limit.reached]);
    }
    limit.clear();
    return true;
  }

  /**
   * SIGTERM, at once; SIGKILL after `grace`; then waits until the group is gone.
   *
   * @throws HoldfastError TOOL_NOT_KILLABLE
   */
  async end(grace: number, clock: Clock): Promise<void> {
    this.#send('SIGTERM');
    // A stopped process acts on SIGTERM only once it goes on.
    this.#send('SIGCONT');
    if (await this.isGoneWithin(grace, clock)) return;
    this.#send('SIGKILL');
    const patient = performance.now() + PATIENCE;
    for (let pause = FIRST_POLL; this.isAlive(); pause = Math.min(pause * 2, LONGEST_POLL)) {
      if (performance.now() > patient) {
        throw notKillable(this.#leader.command, this.#leader.pid, this.#denied);
      }
      await delay(pause);
    }
  }

  #send(signal: NodeJS.Signals): void {
    if (!this.isAlive()) return;
    try {
      process.kill(process.platform === 'win32' ? this.#leader.pid : -this.#leader.pid, signal);
    } catch (error) {
      this.#denied = (error as NodeJS.ErrnoException).code === 'EPERM';
    }
  }

  #hasMembers(): boolean {
    const { pid, startTime } = this.#leader;
    const leader = lookUpProcess(pid);
    // The pid was given to another process: the group had to be empty for that.
    const isKnown = typeof leader === 'object' && startTime !== '';
    if (isKnown && leader.startTime !== startTime) return false;
    if (process.platform === 'win32') return leader !== 'none';
    try {
      process.kill(-pid, 0);
    } catch (error) {
      // Linux says EPERM of members that belong to other users, macOS also of zombies.
      return (error as NodeJS.ErrnoException).code === 'EPERM' && process.platform === 'linux';
    }
    if (process.platform !== 'linux' || this.#isKnownAlive()) return true;
    const [member] = livingMembers(pid);
    if (member !== undefined) this.#known = member;
    return member !== undefined;
  }

  #isKnownAlive(): boolean {
    const entry = lookUpProcess(this.#known);
    return typeof entry === 'object' && entry.group === this.#leader.pid && !entry.ended;
  }
}
