import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { programOutput } from './program-output.ts';

/** The pid namespace that the machine boots with: PROC_PID_INIT_INO in the Linux kernel. */
const FIRST_NAMESPACE = '4026531836';

/** The machine that this process runs on, as {@link ProcessIdentity} names it. */
export interface Machine {
  readonly hostId: string;
  readonly bootId: string;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

/**
 * The machine's id together with its name: two machines cloned from one image share the first, not the
 * second. Hashed, as machine-id(5) asks of those who show it to others. Empty without a machine id: a
 * name alone, `localhost` perhaps, proves nothing.
 */
function readHostId(): string {
  const machineId = readText('/etc/machine-id');
  if (machineId === '' || machineId === 'uninitialized') return '';
  return createHash('sha256')
    .update(`holdfast\0${machineId}\0${hostname()}`)
    .digest('hex')
    .slice(0, 32);
}

/** `pid:[4026531836]` gives the number; '' where namespaces cannot be read. See pid_namespaces(7). */
function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '';
  } catch {
    return '';
  }
}

function readBootId(): string {
  if (process.platform === 'linux') {
    return `${readText('/proc/sys/kernel/random/boot_id')}/${pidNamespace()}`;
  }
  if (process.platform === 'darwin') {
    return programOutput('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid'])?.trim() ?? '';
  }
  return '';
}

let machine: Machine | undefined;

/** This machine. Read once, at the first call. */
export function thisMachine(): Machine {
  machine ??= { hostId: readHostId(), bootId: readBootId() };
  return machine;
}

/** Whether pids of the two can be compared: the same boot, and the same pid namespace. */
export function shareProcessTable(a: Machine, b: Machine): boolean {
  return (
    a.bootId !== '' && !a.bootId.startsWith('/') && a.bootId === b.bootId && a.hostId === b.hostId
  );
}

/**
 * Whether the two are boots of one machine, so that one of them is over. Never claimed of containers: an
 * image may bring a machine id along, and their host name says nothing of the machine below.
 */
export function areBootsOfOneMachine(a: Machine, b: Machine): boolean {
  if (a.hostId === '' || a.hostId !== b.hostId) return false;
  const [bootA = '', namespaceA] = a.bootId.split('/');
  const [bootB = '', namespaceB] = b.bootId.split('/');
  return (
    bootA !== '' &&
    bootB !== '' &&
    bootA !== bootB &&
    namespaceA === FIRST_NAMESPACE &&
    namespaceB === FIRST_NAMESPACE
  );
}
