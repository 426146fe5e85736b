import { randomBytes } from 'node:crypto';
import { currentProcess, formatIdentity, isAlive, parseIdentity } from '@holdfast/core/process';

const OURS = /^holdfast_(scratch|restore)_[0-9a-f]{16}$/;

/** Names a database of ours on a given server: a scratch copy, or what is restored beside its target. */
export function temporaryName(what: 'scratch' | 'restore'): string {
  return `holdfast_${what}_${randomBytes(8).toString('hex')}`;
}

/** Says whose a database is: this process's. It is written down on the server, and read by {@link isLeftBehind}. */
export function ownerText(): string {
  return formatIdentity(currentProcess());
}

/** Whether a database has a name of ours and belongs to a process that is certainly dead: it may be dropped. */
export function isLeftBehind(name: string, owner: string | null | undefined): boolean {
  const identity = parseIdentity(owner ?? '');
  return OURS.test(name) && identity !== undefined && isAlive(identity) === 'dead';
}
