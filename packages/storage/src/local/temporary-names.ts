import { createHash, randomBytes } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

/** The directory of unfinished writes, at the root of the store and so in its file system. */
export const TEMPORARY = '.holdfast-tmp';

/** After this long without a change, what a process out of sight has left counts as abandoned. */
export const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;

/** The process that an unfinished write belongs to. */
export interface Owner {
  /** Tells apart where process ids have their meaning: a boot of a machine, a container in it. */
  readonly host: string;
  readonly pid: number;
  /** When the process started, in clock ticks after the boot; '0' where that is not to be had. */
  readonly startedAt: string;
}

/** The start time of a process: field 22 of /proc/<pid>/stat, see proc_pid_stat(5). */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in brackets, which may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

async function thisHost(): Promise<string> {
  let name: string;
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'latin1');
    name = `${boot.trim()} ${await readlink('/proc/self/ns/pid')}`;
  } catch {
    name = hostname();
  }
  return createHash('sha256').update(name).digest('hex').slice(0, 12);
}

let self: Promise<Owner> | undefined;

async function findSelf(): Promise<Owner> {
  const { pid } = process;
  return { host: await thisHost(), pid, startedAt: (await startOf(pid)) ?? '0' };
}

/** This process. */
export function thisProcess(): Promise<Owner> {
  self ??= findSelf();
  return self;
}

/** The owner as a text of one word. */
export function ownerTag({ host, pid, startedAt }: Owner): string {
  return `${host}.${pid}.${startedAt}`;
}

/** A name for an unfinished write, that tells whose it is. */
export function temporaryName(owner: Owner): string {
  return `${ownerTag(owner)}.${randomBytes(8).toString('hex')}.part`;
}

const TAG = /^(?<host>[0-9a-f]{12})\.(?<pid>[1-9]\d*)\.(?<startedAt>\d+)(?:\.[0-9a-f]{16}\.part)?$/;

/** Whose an unfinished write is; undefined when the name is none of ours. */
export function ownerOf(name: string): Owner | undefined {
  const { host, pid, startedAt } = TAG.exec(name)?.groups ?? {};
  if (host === undefined || pid === undefined || startedAt === undefined) return undefined;
  return { host, pid: Number(pid), startedAt };
}

/**
 * Whether an owner has ended: its process id is free, or belongs to a process that started at another
 * time. Undefined when that cannot be told from here: another machine, another boot, another container.
 */
export async function hasEnded(owner: Owner): Promise<boolean | undefined> {
  if (owner.host !== (await thisProcess()).host) return undefined;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else; see kill(2).
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true;
  }
  const startedAt = await startOf(owner.pid);
  return startedAt !== undefined && startedAt !== owner.startedAt;
}
