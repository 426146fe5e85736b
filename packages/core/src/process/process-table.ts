import { readFileSync, readdirSync } from 'node:fs';
import { programOutput } from './program-output.ts';

/** What the operating system says of one process. */
export interface ProcessEntry {
  readonly pid: number;
  /** The process group; undefined where the platform was not asked for it. */
  readonly group: number | undefined;
  /** Start time in the platform's own unit and form. */
  readonly startTime: string;
  /** It runs no code any more: a zombie that its parent has not yet waited for. */
  readonly ended: boolean;
}

/**
 * - `none`: no process has this pid;
 * - `hidden`: one has, but nothing more can be learned (hidepid, or a platform without a way to ask).
 */
export type ProcessLookup = ProcessEntry | 'none' | 'hidden';

/**
 * Reads /proc/<pid>/stat, proc_pid_stat(5). The name, field 2, stands in parentheses and may itself hold
 * spaces and parentheses: what follows the last one is counted. Then state is field 3, pgrp 5,
 * num_threads 20, starttime 22 (clock ticks since boot).
 */
export function parseProcStat(text: string): ProcessEntry | undefined {
  const pid = Number.parseInt(text, 10);
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): string | undefined => fields[number - 3];
  const startTime = field(22);
  if (!Number.isSafeInteger(pid) || startTime === undefined) return undefined;
  const state = field(3);
  // The first thread of a process may end before the others: a zombie by its letter, but alive.
  const ended = state === 'X' || state === 'x' || (state === 'Z' && Number(field(20)) <= 1);
  return { pid, group: Number(field(5)), startTime, ended };
}

function readProcStat(pid: number): ProcessEntry | undefined {
  try {
    return parseProcStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}

/** Asks ps(1), POSIX but for lstart. The time zone is fixed: lstart is printed in local time. */
function askPs(pid: number): ProcessEntry | undefined {
  const output = programOutput(
    '/bin/ps',
    ['-o', 'pgid=', '-o', 'stat=', '-o', 'lstart=', '-p', String(pid)],
    { LC_ALL: 'C', TZ: 'UTC' },
  );
  const match = /^\s*(\d+)\s+(\S+)\s+(\S.*?)\s*$/.exec(output ?? '');
  if (match === null) return undefined;
  const [, group, state, startTime] = match;
  return { pid, group: Number(group), startTime: startTime ?? '', ended: state?.[0] === 'Z' };
}

/** Whether a pid is taken. kill(2) tells also of processes that /proc hides from this user. */
function isTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Looks a process up by its pid. */
export function lookUpProcess(pid: number): ProcessLookup {
  if (!Number.isSafeInteger(pid) || pid < 1) return 'none';
  if (process.platform === 'linux') {
    return readProcStat(pid) ?? (isTaken(pid) ? 'hidden' : 'none');
  }
  if (!isTaken(pid)) return 'none';
  return (process.platform === 'win32' ? undefined : askPs(pid)) ?? 'hidden';
}

/** The pids of a group's processes that still run code. Linux only; what /proc hides is not among them. */
export function livingMembers(group: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcStat(Number(name)))
    .filter((entry) => entry !== undefined && entry.group === group && !entry.ended)
    .map((entry) => (entry as ProcessEntry).pid);
}
