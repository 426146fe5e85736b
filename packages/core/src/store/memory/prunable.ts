import type { EpochMs } from '../../model/state.ts';
import { isTerminal } from '../../model/state.ts';
import type { PruneRequest } from '../shared-state.ts';
import type { Leased } from './memory-queues.ts';

/** When a root ended. */
export function endOf({ entry }: Leased): EpochMs {
  return entry.run.endedAt ?? 0;
}

/** Whether a request describes a root, which nobody leases. */
export function isPrunable({ entry, lease }: Leased, request: PruneRequest): boolean {
  const { run } = entry;
  const { endedBefore, states, name } = request;
  return (
    lease.holder === '' &&
    isTerminal(run.state) &&
    run.endedAt !== undefined &&
    run.endedAt < endedBefore &&
    (states === undefined || states.includes(run.state.type)) &&
    (name === undefined || run.name === name)
  );
}
