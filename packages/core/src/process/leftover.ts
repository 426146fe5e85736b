import type { Clock } from '../clock/clock.ts';
import type { ChildRecord } from '../model/run.ts';
import { DEFAULT_GRACE } from './child.ts';
import { thisMachine } from './machine.ts';
import { ProcessGroup } from './process-group.ts';
import { lookUpProcess } from './process-table.ts';

/** What is needed to recognise a child of a process that died. */
export type LeftoverChild = Pick<ChildRecord, 'bootId' | 'pid' | 'startTime' | 'command'>;

/**
 * - `gone`: it does not run any more;
 * - `killed`: it did, and was ended with its group;
 * - `not-ours`: nothing was touched: the record is of another boot, machine or container, or its pid belongs to
 *   somebody else now. A group whose leader has ended counts as such: nothing proves whose it is.
 */
export type LeftoverFate = 'gone' | 'killed' | 'not-ours';

/**
 * Ends a child that outlived the process that had started it: SIGTERM to its group, SIGKILL after `grace`,
 * then waits until the group is gone. Signals only if boot (with the pid namespace), pid and start time are those of
 * the record and it leads its group. That its parent is dead is for the caller to know.
 *
 * @param clock measures `grace`
 * @param grace milliseconds, default 5,000
 * @throws HoldfastError TOOL_NOT_KILLABLE: it still runs, 30 s after SIGKILL
 */
export async function killLeftover(
  record: LeftoverChild,
  clock: Clock,
  grace: number = DEFAULT_GRACE,
): Promise<LeftoverFate> {
  const machine = thisMachine();
  const { bootId, pid, startTime, command } = record;
  if (bootId === '' || bootId !== machine.bootId || startTime === '') return 'not-ours';
  // kill(2) takes pids below 2 for init, for the caller's own group, or for every process there is.
  if (!Number.isSafeInteger(pid) || pid < 2 || pid === process.pid) return 'not-ours';
  const group = new ProcessGroup({ ...machine, pid, startTime, command });
  const entry = lookUpProcess(pid);
  if (entry === 'none') return group.isAlive() ? 'not-ours' : 'gone';
  if (entry === 'hidden' || entry.startTime !== startTime || entry.group !== pid) return 'not-ours';
  if (!group.isAlive()) return 'gone';
  await group.end(grace, clock);
  return 'killed';
}
