import { areBootsOfOneMachine, shareProcessTable, thisMachine } from './machine.ts';
import { lookUpProcess } from './process-table.ts';

/**
 * Names one process for as long as anybody may ask about it: a pid alone is given out again.
 */
export interface ProcessIdentity {
  /**
   * A hash of /etc/machine-id and the host name. Empty when the machine has no machine id (macOS,
   * Windows, most container images).
   */
  readonly hostId: string;
  /**
   * Names the table that the pid is an entry of: the boot, and on Linux the pid namespace behind a `/`,
   * since containers share the boot id of their machine but not its pids. Empty on Windows.
   */
  readonly bootId: string;
  readonly pid: number;
  /**
   * In the operating system's own unit: clock ticks since boot on Linux (proc_pid_stat(5), field 22),
   * the text of `ps -o lstart=` in UTC elsewhere. Empty on Windows.
   */
  readonly startTime: string;
}

/**
 * - `alive`: it runs;
 * - `dead`: it has ended, for certain: the pid is free, belongs to a later process or to a zombie, or the
 *   machine was booted since;
 * - `elsewhere`: this process cannot tell: another machine, another container, or hidden from this user.
 *   Wait until the lease expires.
 */
export type Liveness = 'alive' | 'dead' | 'elsewhere';

let own: ProcessIdentity | undefined;

/**
 * The process that calls. Read once; worker threads get the same. On macOS the first call runs `ps` and
 * `sysctl`, synchronously.
 */
export function currentProcess(): ProcessIdentity {
  own ??= identifyProcess(process.pid) ?? { ...thisMachine(), pid: process.pid, startTime: '' };
  return own;
}

/** The process that has a pid now. Undefined when none has, when it is a zombie, or when it is hidden. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const entry = lookUpProcess(pid);
  if (entry === 'none' || entry === 'hidden' || entry.ended) return undefined;
  return { ...thisMachine(), pid, startTime: entry.startTime };
}

/** A process that this one has just started and not yet waited for: its entry is there, even if it is over already. */
export function identifySpawned(pid: number): ProcessIdentity {
  const entry = lookUpProcess(pid);
  return { ...thisMachine(), pid, startTime: typeof entry === 'object' ? entry.startTime : '' };
}

/** Whether a process still lives, as far as this process can know. Never guesses: see {@link Liveness}. */
export function isAlive(identity: ProcessIdentity): Liveness {
  const here = thisMachine();
  if (!shareProcessTable(identity, here)) {
    return areBootsOfOneMachine(identity, here) ? 'dead' : 'elsewhere';
  }
  const entry = lookUpProcess(identity.pid);
  if (entry === 'none') return 'dead';
  if (entry === 'hidden') return 'elsewhere';
  return entry.ended || entry.startTime !== identity.startTime ? 'dead' : 'alive';
}

const FORM = /^holdfast1:([^:]*):([^:]*):([1-9]\d*):([^:]*)$/;

/** Writes an identity as one text without spaces, for the holder of a lease. */
export function formatIdentity(identity: ProcessIdentity): string {
  const { hostId, bootId, pid, startTime } = identity;
  return ['holdfast1', hostId, bootId, pid, startTime].map(encodeURIComponent).join(':');
}

/** Reads what {@link formatIdentity} wrote. Undefined for every other text. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  try {
    const [hostId = '', bootId = '', pid = '', startTime = ''] = match
      .slice(1)
      .map(decodeURIComponent);
    return Number.isSafeInteger(Number(pid))
      ? { hostId, bootId, pid: Number(pid), startTime }
      : undefined;
  } catch {
    return undefined;
  }
}
